// SPDX-License-Identifier: MIT

import CTestProcesses
import RobustFutex

// Work that a task does while the call is made, again and again or for long.
extension PeerTask {
    /// Begins operations on two locks in turn; see ctp_task.h. Under way on return.
    package func beginChurn(cleaned: UInt, other: UInt, clearsWanted: Int, roundLimit: Int) throws {
        let offset = Self.defaultFutexOffset
        try setPending(rawValue: 0, futexOffset: offset)
        let entries = [cleaned, other].map { PendingOperation(futexWord: $0, futexOffset: offset).rawValue }
        slot.pointee.counts = (0, 0, 0)
        give(CTP_ORDER_CHURN, entries.map(UInt64.init) + [UInt64(clearsWanted), UInt64(roundLimit)])
    }

    /// The counts of ``beginChurn(cleaned:other:clearsWanted:roundLimit:)``.
    package func churnCounts() throws -> (cleared: Int, lost: Int, rounds: Int) {
        _ = try result(of: "the churn of task \(tid)", within: Deadline.standard)
        let counts = slot.pointee.counts
        return (Int(counts.0), Int(counts.1), Int(counts.2))
    }

    /// Begins to make threads that exit, and to store the operation on the lock at `word` where their
    /// `list_op_pending` was, until the word at `stop` is not 0 or somebody has changed that; see ctp_bury.h.
    package func beginBurials(word: UInt, until stop: UInt) {
        let operation = PendingOperation(futexWord: word, futexOffset: Self.defaultFutexOffset)
        slot.pointee.counts = (0, 0, 0)
        give(
            CTP_ORDER_SPAWN, [UInt64(CTP_SPAWN_BURIED.rawValue), UInt64(operation.rawValue), UInt64(stop)])
    }

    /// The counts of ``beginBurials(word:until:)``.
    package func burialCounts() throws -> (reused: Int, changed: Int) {
        _ = try required(
            "clone(2) of task \(tid)", result(of: "the burials of task \(tid)", within: Deadline.standard))
        let counts = slot.pointee.counts
        return (Int(counts.0), Int(counts.1))
    }

    /// Takes the mmap_lock for writing again and again, until the word is not 0.
    package func beginToKeepMmapLockBusy(until word: UInt) {
        give(CTP_ORDER_KEEP_BUSY, [UInt64(word)])
    }

    /// Begins to make the call on the word at `address`, again and again until the word at `stop` is not 0.
    package func beginCalls(address: UInt, until stop: UInt) {
        give(CTP_ORDER_CALLS, [UInt64(address), 4, UInt64(stop)])
    }

    /// The number of calls of ``beginCalls(address:until:)``.
    package var callCount: Int { Int(slot.pointee.counts.0) }

    /// Makes exit cleanup take long between reading `list_op_pending` and following it: the list of held locks
    /// becomes a circle, which the kernel walks ROBUST_LIST_LIMIT times. For a task that holds no lock.
    package func lengthenExit() throws {
        _ = try carryOut(CTP_ORDER_LOOP_LIST, [])
    }
}
