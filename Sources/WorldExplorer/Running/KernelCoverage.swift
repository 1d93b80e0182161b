// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import TestProcesses

/// The counts of executions of cleanup.c that the kernel makes for gcov (Documentation/dev-tools/gcov.rst).
///
/// Not specific to a task, as KCOV's are: nothing else may call the system call meanwhile.
public struct KernelCoverage {
    private static let root = "/sys/kernel/debug/gcov"
    private let path: FilePath

    /// - Throws: when this kernel does not count.
    public init() throws {
        let found = FileManager.default.enumerator(atPath: Self.root)?.lazy.compactMap { $0 as? String }
            .first { $0.hasSuffix("/kernel/futex/cleanup.gcda") }
        guard let found else {
            throw CheckError.broken(
                "no cleanup.gcda below \(Self.root): the kernel has no gcov, or this is not root; ./qemu/coverage --worlds has one"
            )
        }
        path = FilePath(Self.root).appending(found)
    }

    /// The count of each arc between two basic blocks since the boot; those that the compiler derives are not there.
    func counts() throws -> [UInt64] {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        let bytes = try file.closeAfter {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
                bytes += buffer[..<count]
            }
            return bytes
        }
        guard let counts = Self.counts(in: bytes) else { throw CheckError.broken("\(path) is no gcda file") }
        return counts
    }

    /// Of a file as kernel/gcov/gcc_4_7.c writes it; nil if it is none.
    static func counts(in bytes: [UInt8]) -> [UInt64]? {
        let words = bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
        }
        let (magic, function, arcs): (UInt32, UInt32, UInt32) = (0x6763_6461, 0x0100_0000, 0x01a1_0000)
        guard words.count > 4, words[0] == magic else { return nil }
        // The version is a letter, which counts in tens, and a digit, of the compiler's: 'B' '2' is 12. From there on lengths are
        // in bytes, and the header has one more word.
        let version = words[1]
        let isInBytes = version >> 24 > 0x42 || (version >> 24 == 0x42 && version >> 16 & 0xff >= 0x32)
        var place = isInBytes ? 4 : 3
        var counts: [UInt64] = []
        while place + 2 <= words.count, words[place] != 0 {
            let length = Int(words[place + 1]) / (isInBytes ? 4 : 1)
            let body = place + 2..<place + 2 + length
            guard body.upperBound <= words.count else { return nil }
            if words[place] == arcs {
                counts += stride(from: body.lowerBound, to: body.upperBound - 1, by: 2).map {
                    UInt64(words[$0]) | UInt64(words[$0 + 1]) << 32
                }
            } else if words[place] != function, words[place] & 0xffff_0000 != arcs & 0xffff_0000 {
                return nil
            }
            place = body.upperBound
        }
        return counts
    }
}
