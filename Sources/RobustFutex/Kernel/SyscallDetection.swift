// SPDX-License-Identifier: MIT

import SystemPackage

/// The finding whether cleanup_robust_list(2) is there, with its evidence.
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
        /// A seccomp filter, as a container's, answers this instead of the kernel; whether that has it, the
        /// evidence may say. Errno 0: it reports success and does nothing.
        case blocked(Errno)
        /// A seccomp filter ends who makes the call, by SIGSYS.
        case fatal
        /// Could not be found out: nobody could be sent to ask, or did not come back in time.
        case undetermined
    }

    public let verdict: Verdict
    /// Observations, one sentence each, in the order of looking.
    public let evidence: [String]

    public var isAvailable: Bool { verdict == .available }

    /// The system call itself is there, right or wrong: it may be called without hitting another one.
    public var isPresent: Bool { verdict == .available || verdict == .misbehaves }

    /// A seccomp filter stands between: another kernel would change nothing.
    public var isFiltered: Bool {
        switch verdict {
        case .blocked, .fatal: true
        case .available, .misbehaves, .absent, .numberTakenBySomethingElse, .undetermined: false
        }
    }

    /// The call refuses with an error, and is known to do nothing else.
    package var isRefused: Bool {
        switch verdict {
        case .absent: true
        case .blocked(let errno): errno.rawValue != 0
        case .available, .misbehaves, .numberTakenBySomethingElse, .fatal, .undetermined: false
        }
    }

    /// Of the running kernel as the calling thread may use it; looked at once in a process.
    ///
    /// A child process makes the calls: whatever the number is, the caller neither registers anything nor is
    /// ended by a filter. The child is a copy of the caller without exec, of which neither a handler of SIGCHLD nor
    /// a waitpid(2) for any child hears. In a process that has unshared its PID namespace and not forked since, it
    /// would be that namespace's first process, whose end is the namespace's: fork before.
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
        case .blocked(Errno(rawValue: 0)): "filtered (success, with nothing done)"
        case .blocked(let errno): "filtered (\(errno.name))"
        case .fatal: "filtered (SIGSYS)"
        case .undetermined: "undetermined"
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
            .notSupportedOnSocket: "EOPNOTSUPP",
        ]
        return names[self] ?? "errno \(rawValue)"
    }
}

/// The result of a raw system call in words: "0", "EINVAL", …
package func resultName(_ result: Int) -> String {
    result < 0 ? Errno(rawValue: CInt(-result)).name : "\(result)"
}
