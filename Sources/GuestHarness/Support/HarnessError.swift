// SPDX-License-Identifier: MIT

/// The exit statuses that are the harness's own; `./qemu/run --help` lists them.
///
/// They lie beside what a command of the user's returns, above 128 plus the highest signal number.
public enum HarnessStatus: Int32, Sendable, CaseIterable {
    /// Bad usage (EX_USAGE of sysexits.h).
    case usage = 64
    /// The guest never came up.
    case neverCameUp = 250
    /// The command did not end within its limit.
    case timedOut = 251
    /// The kernel reported a fault.
    case kernelFault = 252
    /// The harness could not do its part: a download, a build, a tool.
    case setUp = 253
    /// The guest came up and went away without a word about the command.
    case noReport = 254

    /// One line for `--help`.
    public var explanation: String {
        switch self {
        case .usage: "bad usage: an unknown option, kernel or test"
        case .neverCameUp: "the guest never came up"
        case .timedOut: "the command did not end within --timeout"
        case .kernelFault: "the kernel reported a fault (WARNING, BUG, Oops, panic, stall, …)"
        case .setUp: "set-up failed: a download, a build, a missing tool"
        case .noReport: "the guest went away without reporting how the command ended"
        }
    }
}

/// An error that stops the harness: one clear line for the user, and the exit status that goes with it.
public struct HarnessError: Error, CustomStringConvertible, Sendable {
    public var description: String
    public var status: HarnessStatus

    public init(_ description: String, status: HarnessStatus = .setUp) {
        self.description = description
        self.status = status
    }
}
