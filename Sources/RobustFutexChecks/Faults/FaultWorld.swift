// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import TestProcesses

/// Processes among which a call asks the kernel for something, again and again.
final class FaultWorld {
    let scene: Scene
    /// The caller's process.
    let peer: Peer
    let caller: PeerTask
    /// The file that the processes share.
    let file: MemoryFile
    /// The range of the next call.
    var range: (address: UInt, length: Int) = (0, 0)
    var flags: CleanupFlags = []
    /// Carried out while the next call waits, which would wait for ever otherwise.
    private var release: (() throws -> Void)?
    private var preparations: [() throws -> Void] = []
    private var looks: [(_ allCleared: Bool, _ when: String) throws -> Void] = []

    init(_ scene: Scene) throws {
        self.scene = scene
        peer = try scene.peer()
        caller = try peer.startTask()
        file = try scene.file()
    }

    /// The address in the range of the futex word that operations are on.
    var word: UInt { range.address + UInt(wordOffset) }

    /// Adds something to be done before each call, but not before one that follows a call which failed.
    func beforeEachCall(_ preparation: @escaping () throws -> Void) { preparations.append(preparation) }

    /// Adds something to look at after each call.
    func afterEachCall(_ look: @escaping (_ allCleared: Bool, _ when: String) throws -> Void) {
        looks.append(look)
    }

    /// Everybody is in the window again.
    func prepare() throws { for preparation in preparations { try preparation() } }

    func call() throws -> Int {
        guard let release else {
            return try caller.cleanup(address: range.address, length: range.length, flags: flags)
        }
        self.release = nil
        caller.beginCleanup(address: range.address, length: range.length, flags: flags)
        try Deadline.poll(for: "the call to wait, or to fail") { [caller] in
            caller.isIdle || caller.isBlocked(inSyscall: crf_nr_cleanup_robust_list)
        }
        try release()
        return try caller.endOfCall()
    }

    /// Says what ends the wait of the next call.
    func duringNextCall(_ release: @escaping () throws -> Void) { self.release = release }

    /// Each operation on a word in the range is gone; or, where the call failed, as it was.
    func look(allCleared: Bool, _ when: String) throws { for look in looks { try look(allCleared, when) } }

    // MARK: Operations

    /// The `list_op_pending` of an operation on a word.
    static func operation(on word: UInt, isPI: Bool = false) -> UInt {
        PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset, isPI: isPI).rawValue
    }

    /// A task that is in the window of the lock at `word`, by its own head, before each call.
    func add(_ task: PeerTask, at word: UInt, isPI: Bool = false) {
        let operation = Self.operation(on: word, isPI: isPI)
        beforeEachCall {
            try task.setPending(rawValue: operation, futexOffset: PeerTask.defaultFutexOffset)
        }
        afterEachCall { allCleared, when in
            try Self.judge(
                try task.pendingRawValue(), operation, allCleared, "task \(task.tid), \(when)")
        }
    }

    /// A task that is in the window of a lock elsewhere all the time: the call has to look, and to leave it alone.
    func add(_ task: PeerTask, elsewhere word: UInt) throws {
        let operation = Self.operation(on: word)
        try task.setPending(rawValue: operation, futexOffset: PeerTask.defaultFutexOffset)
        afterEachCall { _, when in
            let found = try task.pendingRawValue()
            guard found != operation else { return }
            throw Self.unexpected(
                "the operation elsewhere of task \(task.tid), \(when)", "as it was", found)
        }
    }

    /// A task whose head was placed somewhere, in the window of the lock at `word`; its memory is then brought into the state
    /// that the scenario is about.
    func add(_ head: PlacedHead, at word: UInt, _ state: @escaping () throws -> Void = {}) {
        let operation = Self.operation(on: word)
        beforeEachCall {
            try head.enterWindow(at: word)
            try state()
        }
        afterEachCall { allCleared, when in
            try Self.judge(try head.pending(), operation, allCleared, "task \(head.task.tid), \(when)")
        }
    }

    static func judge(_ found: UInt, _ before: UInt, _ allCleared: Bool, _ what: String) throws {
        if found == 0 || (!allCleared && found == before) { return }
        throw unexpected(
            "list_op_pending of \(what)", "NULL" + (allCleared ? "" : " or as it was"), found)
    }

    private static func unexpected(_ what: String, _ expected: String, _ found: UInt) -> CheckError {
        .failed("\(what): expected \(expected), observed 0x\(String(found, radix: 16))")
    }
}
