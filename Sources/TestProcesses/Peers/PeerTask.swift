// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// A task of a peer, with a robust list head of its own, which takes locks and lets them go, step by step.
package final class PeerTask {
    package enum Kind: Sendable {
        case thread
        /// Shares the address space, not the thread group: `clone(CLONE_VM)`.
        case vmProcess
        /// The same, with its parent suspended: `clone(CLONE_VM | CLONE_VFORK)`.
        case vforkChild

        var code: ctp_task_kind {
            switch self {
            case .thread: CTP_TASK_THREAD
            case .vmProcess: CTP_TASK_VM_PROCESS
            case .vforkChild: CTP_TASK_VFORK_CHILD
            }
        }
    }

    package let tid: Int32
    /// The id that the task itself has in its PID namespace, which its locks have.
    package let ownID: Int32
    /// The thread group that it belongs to.
    package let processID: Int32
    let slot: UnsafeMutablePointer<ctp_task>
    package unowned let peer: Peer
    /// Runs ``Program/compat``: of the orders it knows system calls only.
    let is32Bit: Bool
    private let ownProcess: ProcessHandle?
    private var orders: UInt32 = 1
    private var futexOffset = 0
    /// The word of the latest ``beginWait(at:)``.
    private var waitAddress: UInt = 0

    /// The offset of glibc's `pthread_mutex_t` on x86-64: the lock entry lies 32 bytes after the futex word.
    package static let defaultFutexOffset = -32

    init(started slot: UnsafeMutablePointer<ctp_task>, kind: Kind, in peer: Peer) throws {
        self.slot = slot
        self.peer = peer
        try Self.wait(for: "a \(kind) of peer \(peer.pid) to start", on: slot, number: 1, in: peer)
        _ = try required("set_robust_list in peer \(peer.pid)", Int(slot.pointee.result))
        ownID = slot.pointee.tid
        tid = try ProcessState.visibleID(of: slot.pointee.tid, in: kind == .thread ? peer.pid : nil)
        processID = kind == .thread ? peer.pid : tid
        ownProcess = kind == .thread ? nil : try ProcessHandle(pid: tid)
        is32Bit = false
    }

    /// The one task of a process that executed ``Program/compat``.
    ///
    /// - Parameter pid: the process, when it is not the peer itself.
    package init(
        executedIn peer: Peer, slot: UnsafeMutablePointer<ctp_task>, process pid: Int32? = nil
    ) throws {
        self.slot = slot
        self.peer = peer
        try Self.wait(for: "the 32-bit program of peer \(peer.pid) to start", on: slot, number: 1, in: peer)
        tid = slot.pointee.tid
        ownID = tid
        processID = pid ?? peer.pid
        ownProcess = nil
        is32Bit = true
    }

    // MARK: Locks

    /// Takes the lock whose futex word is at `word` in the peer: word = tid, lock entry on the list.
    package func lock(_ word: UInt, futexOffset: Int = defaultFutexOffset, isPI: Bool = false) throws {
        self.futexOffset = futexOffset
        let arguments = [UInt64(word), UInt64(bitPattern: Int64(futexOffset)), isPI ? 1 : 0]
        let found = try carryOut(CTP_ORDER_LOCK, arguments)
        guard found == 0 else {
            throw CheckError.broken("task \(tid) found the lock taken: \(FutexWord(rawValue: UInt32(found)))")
        }
    }

    /// Unlocks up to inside the race window: the word is released, `list_op_pending` still set.
    ///
    /// - Returns: the word as it was; its `FUTEX_WAITERS` means that a wake is owed.
    @discardableResult
    package func release() throws -> FutexWord {
        FutexWord(rawValue: UInt32(try required("release", carryOut(CTP_ORDER_RELEASE, []))))
    }

    /// Leaves the window as unlock does: wakes if a wake is owed, `list_op_pending` = NULL.
    ///
    /// - Returns: the pending operation as the task found it.
    @discardableResult
    package func finish() throws -> PendingOperation? {
        PendingOperation(rawValue: UInt(bitPattern: try carryOut(CTP_ORDER_FINISH, [])))
    }

    /// Sits in the race window of the lock at `word` afterwards, as the kernel itself confirms.
    package func enterWindow(
        at word: UInt, futexOffset: Int = defaultFutexOffset, isPI: Bool = false
    ) throws {
        try lock(word, futexOffset: futexOffset, isPI: isPI)
        try release()
        try confirmPending(at: word, isPI: isPI)
    }

    /// Holds `list_op_pending` against what it has to be before a check may rely on it.
    package func confirmPending(at word: UInt, isPI: Bool = false) throws {
        let expected = PendingOperation(futexWord: word, futexOffset: futexOffset, isPI: isPI)
        let pending = try pendingOperation()
        guard pending == expected else {
            throw CheckError.broken(
                "task \(tid) should be in the race window with \(expected), has \(pending.orNone)")
        }
    }

    /// Sets the pointer to any value.
    package func setPending(rawValue: UInt, futexOffset: Int) throws {
        self.futexOffset = futexOffset
        let arguments = [UInt64(rawValue), UInt64(bitPattern: Int64(futexOffset))]
        _ = try carryOut(CTP_ORDER_SET_PENDING, arguments)
    }

    /// The pending operation, found as an outsider finds it: get_robust_list(2), process_vm_readv(2).
    package func pendingOperation() throws -> PendingOperation? {
        PendingOperation(rawValue: try pendingRawValue())
    }

    /// The same pointer with whatever bits it has.
    package func pendingRawValue() throws -> UInt {
        try confirmOwnHead()
        return try ownPendingRawValue()
    }

    /// Holds the address of the registered head, by get_robust_list(2), against that of the task's own.
    package func confirmOwnHead() throws {
        var address: UInt = 0
        _ = try required("get_robust_list of \(tid)", crf_get_robust_list(tid, &address))
        guard address == headAddress else {
            throw CheckError.broken(
                "task \(tid) registered 0x\(String(headAddress, radix: 16)), get_robust_list(2) says"
                    + " 0x\(String(address, radix: 16))")
        }
    }

    /// That of the task's own head, whether it is registered or not.
    package func ownPendingRawValue() throws -> UInt {
        // By the task's own id: a leader that has exited has no memory to read.
        try readHead(of: tid).list_op_pending
    }

    /// Registers the task's own head again, after another one.
    package func registerOwnHead() throws {
        _ = try PlacedHead(of: self, at: headAddress)
    }

    /// The task has no head from now on.
    package func dropHead() throws {
        let result = try syscall(crf_nr_set_robust_list, 0, UInt(MemoryLayout<crf_robust_list_head>.size))
        _ = try required("set_robust_list of task \(tid) to none", result)
    }

    /// The pointer in a forked child's copy of this task's head; no task of the child has registered it.
    package func pendingOperation(copiedInto child: Peer) throws -> PendingOperation? {
        PendingOperation(rawValue: try readHead(of: child.pid).list_op_pending)
    }

    /// The place of its own head, whether it is registered or not.
    package var headAddress: UInt { UInt(slot.pointee.head) }

    private func readHead(of pid: Int32) throws -> crf_robust_list_head {
        try OutsideAccess.load(crf_robust_list_head.self, at: headAddress, of: pid)
    }

    // MARK: Other orders

    /// Waits for the lock as a locker does: `FUTEX_WAITERS`, then futex(2). Asleep on return.
    package func beginWait(at word: UInt) throws {
        // Shorter than the runner's own limit: the waiter is to report that nobody woke it.
        let limit = UInt64(8_000 * Deadline.slowness)
        give(CTP_ORDER_WAIT, [UInt64(word), limit])
        waitAddress = word
        try Deadline.poll(for: "task \(tid) to sleep on the futex word") {
            ProcessState.isBlockedInFutex(tid, in: processID, at: word)
        }
    }

    /// Tells whether the last order has been carried out.
    package var isIdle: Bool { crf_load32(slot.pointer(to: \.done)!) == orders }

    /// Tells whether the task sleeps on the word again after its process was halted and resumed.
    package var waitsAgain: Bool {
        ProcessState.isBlockedInFutex(tid, in: processID, at: waitAddress, again: true)
    }

    /// Waits for the end of ``beginWait(at:)``: 0 when woken, else -errno.
    package func waitResult() throws -> Int {
        try result(of: "the wait of task \(tid)", within: Deadline.standard)
    }

    /// cleanup_robust_list(2), called by the task: 0 or -errno.
    package func cleanup(address: UInt, length: Int, flags: CleanupFlags = []) throws -> Int {
        try carryOut(
            CTP_ORDER_CLEANUP, [UInt64(address), UInt64(bitPattern: Int64(length)), UInt64(flags.rawValue)])
    }

    /// This task exits, by exit(2), from wherever it is in its operation; it is gone on return.
    package func exit() throws {
        beginExit()
        try waitForExit()
    }

    /// Has the task exit, by exit(2), without waiting for it.
    package func beginExit() { give(CTP_ORDER_EXIT, []) }

    /// Waits until the task is gone after ``beginExit()``.
    package func waitForExit() throws {
        _ = try result(of: "task \(tid) to exit", within: Deadline.standard)
        try Deadline.poll(for: "the end of task \(tid)") {
            ProcessState.letter(of: tid, in: processID) == nil
        }
    }

    /// Ends a task that is a process of its own, whatever it executes by now; threads end with their peer.
    package func end() throws {
        try ownProcess?.killAndWait()
    }

    // MARK: Orders

    func give(_ order: ctp_task_order, _ arguments: [UInt64]) {
        slot.pointee.order = order.rawValue
        withUnsafeMutableBytes(of: &slot.pointee.arguments) { bytes in
            for (index, argument) in arguments.enumerated() {
                bytes.storeBytes(of: argument, toByteOffset: index * 8, as: UInt64.self)
            }
        }
        orders += 1
        let request = FutexCell(slot.pointer(to: \.request)!)
        request.store(FutexWord(rawValue: orders))
        _ = try? request.wake()
    }

    func result(of what: String, within limit: Duration) throws -> Int {
        try Self.wait(for: what, on: slot, number: orders, in: peer, within: limit)
        return Int(slot.pointee.result)
    }

    func carryOut(_ order: ctp_task_order, _ arguments: [UInt64]) throws -> Int {
        give(order, arguments)
        return try result(of: "task \(tid) to carry out order \(order.rawValue)", within: Deadline.standard)
    }

    private static func wait(
        for what: String, on slot: UnsafeMutablePointer<ctp_task>, number: UInt32, in peer: Peer,
        within limit: Duration = Deadline.standard
    ) throws {
        let deadline = Deadline(after: limit)
        let done = FutexCell(slot.pointer(to: \.done)!)
        while true {
            let seen = done.load()
            if seen.rawValue == number { return }
            guard !deadline.hasPassed else { throw CheckError.timedOut(what) }
            if peer.process.hasExited { throw CheckError.broken("peer \(peer.pid) ended during \(what)") }
            // Every result of the sleep means the same: look again. Short, to notice a peer that died.
            try? done.wait(while: seen, milliseconds: deadline.milliseconds(atMost: 100))
        }
    }
}

extension PendingOperation? {
    /// For messages.
    package var orNone: String { map(\.description) ?? "no pending operation" }
}
