// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex

// What a task does while the call is made, again and again or for long.
extension PeerTask {
    /// Begins operations on two locks in turn; see crf_task.h. Under way on return.
    public func beginChurn(cleaned: UInt, other: UInt, clearsWanted: Int, roundLimit: Int) throws {
        let offset = Self.defaultFutexOffset
        try setPending(rawValue: 0, futexOffset: offset)
        let entries = [cleaned, other].map { PendingOperation(futexWord: $0, futexOffset: offset).rawValue }
        slot.pointee.counts = (0, 0, 0)
        give(CRF_ORDER_CHURN, entries.map(UInt64.init) + [UInt64(clearsWanted), UInt64(roundLimit)])
    }

    /// What ``beginChurn(cleaned:other:clearsWanted:roundLimit:)`` counted.
    public func churnCounts() throws -> (cleared: Int, lost: Int, rounds: Int) {
        _ = try result(of: "the churn of task \(tid)", within: Deadline.standard)
        let counts = slot.pointee.counts
        return (Int(counts.0), Int(counts.1), Int(counts.2))
    }

    /// Makes exit cleanup take long between reading `list_op_pending` and following it: the list of held locks
    /// becomes a circle, which the kernel walks ROBUST_LIST_LIMIT times. For a task that holds no lock.
    public func lengthenExit() throws {
        _ = try carryOut(CRF_ORDER_LOOP_LIST, [])
    }
}
