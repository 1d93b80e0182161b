// SPDX-License-Identifier: MIT

import SystemPackage

/// Whether cleanup_robust_list(2) is there, and how that was found out.
public struct SyscallDetection: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        /// The number answers as the contract says, and does what it says.
        case available
        /// /proc/kallsyms names it and the errors are its own, yet it does not do what the contract says.
        case misbehaves
        /// `ENOSYS`, and nothing speaks for a filter.
        case absent
        /// The number is that of another system call on this kernel.
        case numberTakenBySomethingElse
        /// The kernel has it, and something between, as a container's seccomp filter, answers this instead.
        case blocked(Errno)
    }

    public let verdict: Verdict
    /// What was seen, one sentence each, in the order of looking.
    public let evidence: [String]

    public var isAvailable: Bool { verdict == .available }

    /// The system call itself is there, right or wrong: it may be called without hitting another one.
    public var isPresent: Bool { verdict == .available || verdict == .misbehaves }

    /// Of the running kernel as the calling thread may use it; looked at once in a process.
    ///
    /// The calling thread must hold no robust mutex the first time (see ``RobustListHead``).
    public static let ofThisKernel = looked()

    /// The same, looked at now: for a thread whose filter is another one than the process's.
    package static func looked() -> SyscallDetection {
        SyscallDetector().detect()
    }
}

extension SyscallDetection: CustomStringConvertible {
    public var description: String {
        ([verdict.words] + evidence).joined(separator: "; ")
    }
}

extension SyscallDetection.Verdict {
    /// For messages and reports.
    package var words: String {
        switch self {
        case .available: "available"
        case .misbehaves: "misbehaves"
        case .absent: "absent"
        case .numberTakenBySomethingElse: "number taken by another system call"
        case .blocked(let errno): "blocked (\(errno.name))"
        }
    }
}

extension Errno {
    /// The errors that this library names, as in the manual pages; others by number.
    package var name: String {
        let names: [Errno: String] = [
            .notPermitted: "EPERM", .interrupted: "EINTR", .noMemory: "ENOMEM",
            .permissionDenied: "EACCES", .badAddress: "EFAULT", .invalidArgument: "EINVAL",
            .noFunction: "ENOSYS", .timedOut: "ETIMEDOUT", .resourceTemporarilyUnavailable: "EAGAIN",
            .noSuchFileOrDirectory: "ENOENT", .execFormatError: "ENOEXEC", .brokenPipe: "EPIPE",
            .noSuchProcess: "ESRCH", .badFileDescriptor: "EBADF", .resourceBusy: "EBUSY",
        ]
        return names[self] ?? "errno \(rawValue)"
    }
}

/// The result of a raw system call in words: "0", "EINVAL", …
package func resultName(_ result: Int) -> String {
    result < 0 ? Errno(rawValue: CInt(-result)).name : "\(result)"
}
