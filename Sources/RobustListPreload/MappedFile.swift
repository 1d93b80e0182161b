// SPDX-License-Identifier: MIT

import CRobustFutex
import CRobustListPreload

/// Reads `/proc/self/maps`, whose lines are `START-END PERMISSIONS OFFSET DEVICE INODE NAME`.
///
/// By system calls of its own: those of the C library are cancellation points, and write errno.
enum MappedFile {
    /// The length of the mappings of one file that follow one another from its beginning at `start` on, in the
    /// address space as in the file; 0 when there are none, or they cannot be read.
    static func length(at start: UInt) -> Int {
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
                    if line.start == end, line.isFile, line.offset == end - start,
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
        var inode: UInt = 0

        /// The inode alone does not tell: that of a segment of System V is its number, and the first one's is 0.
        var isFile: Bool { device != 0 || inode != 0 }

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
                default: break
                }
            }
            return nil
        }

        private static func digit(_ character: UInt8) -> UInt {
            character >= UInt8(ascii: "a")
                ? UInt(character - UInt8(ascii: "a")) + 10 : UInt(character &- UInt8(ascii: "0"))
        }
    }
}
