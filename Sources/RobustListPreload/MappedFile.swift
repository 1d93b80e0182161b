// SPDX-License-Identifier: MIT

import CRobustFutex
import CRobustListPreload

/// Reads `/proc/self/maps`, whose lines are `START-END PERMISSIONS OFFSET DEVICE INODE NAME`.
///
/// By system calls of its own: those of the C library are cancellation points, and write errno.
enum MappedFile {
    /// The length of the mappings of one System V segment that follow one another from its beginning at `start` on, in
    /// the address space as in the segment; 0 when there are none, or they cannot be read.
    static func segmentLength(at start: UInt) -> Int {
        let descriptor = path.withUTF8Buffer { bytes in
            crf_syscall6(
                Int(SYS_openat), UInt(bitPattern: Int(AT_FDCWD)), UInt(bitPattern: bytes.baseAddress),
                UInt(O_RDONLY | O_CLOEXEC), 0, 0, 0)
        }
        guard descriptor >= 0 else { return 0 }
        defer { _ = crf_syscall6(Int(SYS_close), UInt(descriptor), 0, 0, 0, 0, 0) }
        var lines = Lines()
        var end = start
        var file = Line()
        // At most 1024 bytes come from the stack.
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
            while true {
                let count = crf_syscall6(
                    Int(SYS_read), UInt(descriptor), UInt(bitPattern: buffer.baseAddress),
                    UInt(buffer.count), 0, 0, 0)
                guard count > 0 else { return }
                for index in 0..<count {
                    guard let line = lines.add(buffer[index]) else { continue }
                    if line.start == end, line.isSegment, line.offset == end - start,
                        end == start || line.isSameFile(as: file)
                    {
                        (end, file) = (line.end, line)
                    }
                }
            }
        }
        return Int(end - start)
    }

    /// With the null character that open(2) needs.
    private static let path: StaticString = "/proc/self/maps\0"

    private struct Line {
        var start: UInt = 0
        var end: UInt = 0
        var offset: UInt = 0
        var device: UInt = 0
        /// The number of a segment of System V; that of the first one is 0.
        var inode: UInt = 0
        /// How many of the name's characters are those that the names of segments begin with.
        var matching = 0

        var isSegment: Bool { matching == Lines.segmentName.utf8CodeUnitCount }

        func isSameFile(as other: Line) -> Bool { device == other.device && inode == other.inode }
    }

    /// Takes the characters one by one.
    private struct Lines {
        private var line = Line()
        /// The number of the word that the next character belongs to; 1 is what follows the hyphen.
        private var field = 0

        /// - Returns: the line that ends with `character`.
        mutating func add(_ character: UInt8) -> Line? {
            switch character {
            case UInt8(ascii: "\n"):
                defer { (line, field) = (Line(), 0) }
                return line
            case UInt8(ascii: "-") where field == 0, UInt8(ascii: " ") where field < 6:
                field += 1
            default:
                switch field {
                case 0: line.start = line.start << 4 | Self.digit(character)
                case 1: line.end = line.end << 4 | Self.digit(character)
                // After permissions.
                case 3: line.offset = line.offset << 4 | Self.digit(character)
                // MAJOR:MINOR.
                case 4 where character != UInt8(ascii: ":"):
                    line.device = line.device << 4 | Self.digit(character)
                // In decimal.
                case 5: line.inode = line.inode &* 10 &+ Self.digit(character)
                // Blanks come before it.
                case 6 where character != UInt8(ascii: " ") || line.matching > 0: compareName(character)
                default: break
                }
            }
            return nil
        }

        /// What ipc/shm.c calls the files of segments, before the key.
        static let segmentName: StaticString = "/SYSV"

        private mutating func compareName(_ character: UInt8) {
            let name = Self.segmentName
            guard line.matching < name.utf8CodeUnitCount else { return }
            if name.utf8Start[line.matching] == character {
                line.matching += 1
            } else {
                field += 1
            }
        }

        private static func digit(_ character: UInt8) -> UInt {
            character >= UInt8(ascii: "a")
                ? UInt(character - UInt8(ascii: "a")) + 10 : UInt(character &- UInt8(ascii: "0"))
        }
    }
}
