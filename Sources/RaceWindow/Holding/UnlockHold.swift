// SPDX-License-Identifier: MIT

import RaceReport

/// An unlock that goes on only as far as it is told, from one boundary to the next.
///
/// All calls have to come from one thread: ptrace(2) wants it so.
protocol UnlockHold: AnyObject {
    /// Has the unlocker begin its unlock, as far as to the first boundary. nil: it has none, and has returned.
    func begin(unlocking lock: UInt64) throws -> StopPlace?

    /// Lets the unlock go on to the next boundary. nil: it has returned.
    func advance() throws -> StopPlace?

    /// Lets the unlocker, whose unlock has returned, run freely again.
    func letGo() throws
}

/// A place where an unlocker is stopped.
enum StopPlace: Equatable {
    /// Before the instruction at this address of the unlocker.
    case instruction(UInt64)
    /// At a system call.
    case systemCall(String)

    /// 0 at a system call.
    var address: UInt64 {
        if case .instruction(let address) = self { return address }
        return 0
    }
}

extension Scenario.Technique {
    /// - Throws: ``CannotRun`` where this machine does not permit it.
    func hold(_ unlocker: Victim) throws -> any UnlockHold {
        switch self {
        case .singleStep: SingleStepHold(unlocker)
        case .syscallStop: SyscallStopHold(unlocker)
        case .seccomp: try WakeHold(unlocker)
        }
    }
}
