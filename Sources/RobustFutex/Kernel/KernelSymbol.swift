// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import SystemPackage

/// A symbol in /proc/kallsyms. Names show there even when addresses are hidden (kptr_restrict).
public enum KernelSymbol: Sendable, Equatable {
    case defined
    /// Only the weak stub that answers ENOSYS: the kernel knows the system call and was built without it
    /// (`COND_SYSCALL()` in kernel/sys_ni.c).
    case stub
    case missing
    /// No /proc/kallsyms, or it may not be read.
    case unreadable

    /// Looks up the entry of cleanup_robust_list(2), as `SYSCALL_DEFINE3()` names it on x86-64.
    public static func ofCleanupRobustList() -> KernelSymbol {
        (try? lookUp("__x64_sys_cleanup_robust_list", in: "/proc/kallsyms")) ?? .unreadable
    }

    /// Looks up `name` in a file in the format of /proc/kallsyms: `ADDRESS TYPE NAME[\t[MODULE]]` a line.
    package static func lookUp(_ name: String, in file: FilePath) throws(Errno) -> KernelSymbol {
        let descriptor = try asErrno { try FileDescriptor.open(file, .readOnly, options: [.closeOnExec]) }
        defer { try? descriptor.close() }
        // A line may straddle two reads: what follows the last newline is kept for the next one.
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var kept = 0
        let wanted = Array(" \(name)\n".utf8)
        while true {
            let count = try asErrno {
                try buffer.withUnsafeMutableBytes {
                    try descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[kept...]))
                }
            }
            guard count > 0 else { return .missing }
            let filled = kept + count
            if let type = typeLetter(before: wanted, in: buffer[..<filled]) {
                return type == UInt8(ascii: "W") || type == UInt8(ascii: "w") ? .stub : .defined
            }
            let tail = buffer[..<filled].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            buffer.withUnsafeMutableBytes { bytes in
                _ = memmove(bytes.baseAddress!, bytes.baseAddress! + tail, filled - tail)
            }
            kept = filled - tail
            guard kept < buffer.count else { throw .fileTooLarge }
        }
    }

    private static func typeLetter(before wanted: [UInt8], in lines: ArraySlice<UInt8>) -> UInt8? {
        lines.withUnsafeBytes { bytes in
            let index = crf_find(bytes.baseAddress!, bytes.count, wanted, wanted.count)
            return index > 0 ? bytes[index - 1] : nil
        }
    }
}

/// The calling thread's seccomp mode as in /proc/thread-self/status: 0 none, 1 strict, 2 filter; nil when
/// it cannot be read.
package func seccompMode() -> Int? {
    guard let status = try? readText("/proc/thread-self/status") else { return nil }
    for line in status.split(separator: "\n") where line.hasPrefix("Seccomp:") {
        return line.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) }
    }
    return nil
}

/// The whole of a small text file, such as those of /proc, whose sizes are not known beforehand.
package func readText(_ path: FilePath) throws(Errno) -> String {
    let descriptor = try asErrno { try FileDescriptor.open(path, .readOnly, options: [.closeOnExec]) }
    defer { try? descriptor.close() }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = try asErrno { try part.withUnsafeMutableBytes { try descriptor.read(into: $0) } }
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += part[..<count]
    }
}
