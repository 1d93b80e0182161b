// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Threads and processes that come and go during the call. A sharer outside the thread group (clone(CLONE_VM)) is
// found only when the count of the group's threads and that of the memory's users are compared with care.
extension Check {
    static let churn: [Check] = [
        Check(
            "findsSharerWhileThreadsExit", .threads,
            claim: "a clone(CLONE_VM) process is never missed while threads of its parent's group exit"
        ) { scene in
            // Both sides go on all the time: the exits on one processor, the calls on another.
            let last = sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1
            try ProcessorBinding.run(onProcessor: last) { try findsSharerWhileThreadsExit(scene) }
        },

        Check(
            "findsSharerWhileThreadsComeAndGo", .threads,
            claim:
                "a clone(CLONE_VM) process is never missed while threads of its parent's group start and exit"
        ) { scene in
            try findsSharer(
                scene, during: "starts and exits of threads", spawning: CTP_SPAWN_THREADS, count: 1200,
                by: "clone(2)")
        },

        Check(
            "findsSharerWhileProcessesAreForked", .threads,
            claim: "a clone(CLONE_VM) process is never missed while its parent forks children, which exit"
        ) { scene in
            try findsSharer(
                scene, during: "forks and exits of processes", spawning: CTP_SPAWN_PROCESSES, count: 150,
                by: "fork(2)")
        },

        Check(
            "findsSharerWhileAnotherExecutes", .threads, needs: [.userfaultfd],
            claim: "a thread is never missed while processes that share its memory leave it by exec"
        ) { scene in
            let sharer = try ChurnSharer(scene)
            let program = try Program.native.file()
            for _ in 0..<8 {
                // Before the task is made: it gets a copy of the descriptors.
                let descriptor = try sharer.peer.send(program)
                let leaver = try sharer.peer.startTask(.vmProcess)
                try sharer.hold("exec of task \(leaver.tid)", atLeast: 1) {
                    try leaver.beginExecution(descriptor: descriptor, scratch: sharer.scratch)
                } until: {
                    try leaver.hasExecuted()
                }
                try leaver.end()
            }
        },

        Check(
            "leavesMemoryOfThreadsThatExit", .threads,
            claim:
                "memory of threads that exit during calls which have to wait for mmap_lock, used again at once, stays as it is"
        ) { scene in
            try leavesMemoryOfThreadsThatExit(scene)
        },
    ]

    /// No thread ever has an operation on the lock, so the call has nothing to clear; what looks like one is data.
    private static func leavesMemoryOfThreadsThatExit(_ scene: Scene) throws {
        let file = try scene.file()
        let peer = try scene.peer()
        let base = try peer.map(file, length: pageSize)
        let writer = try peer.startTask()
        let undertaker = try peer.startTask()
        let stop = base + UInt(CallingPeers.stop)
        // So a call has found a thread, waits, and comes back to its memory when the thread is gone. Two callers, as one
        // alone looks at most threads without leaving go of the lock.
        writer.beginToKeepMmapLockBusy(until: stop)
        undertaker.beginBurials(word: base + UInt(wordOffset), until: stop)
        let end = Deadline(after: .seconds(5) * Deadline.slowness)
        let calls = try CallingPeers(scene, 2, sharing: file).callMeanwhile {
            while !undertaker.isIdle, !end.hasPassed { usleep(10_000) }
        }
        let (reused, changed) = try undertaker.burialCounts()
        guard changed == 0 else {
            throw CheckError.failed(
                "words where list_op_pending of threads that exited was: expected all of \(reused) as they were stored,"
                    + " observed \(changed) changed during \(calls) calls")
        }
        guard calls >= 100, reused >= 100 else {
            throw CheckError.broken("only \(calls) calls and \(reused) threads that exited")
        }
    }

    /// A task of the sharer's group makes threads or processes, which exit at once, while the sharer is looked for.
    private static func findsSharer(
        _ scene: Scene, during what: String, spawning kind: ctp_spawn, count: Int, by call: String
    ) throws {
        let sharer = try ChurnSharer(scene)
        let churner = try sharer.peer.startTask()
        try sharer.hold(what, atLeast: 100) {
            churner.beginSpawning(kind, count: count)
        } until: {
            churner.isIdle
        }
        try scene.expect(try churner.endOfCall(), 0, call)
    }

    private static func findsSharerWhileThreadsExit(_ scene: Scene) throws {
        let sharer = try ChurnSharer(scene, onProcessor: 0)
        let file = try MemoryFile(name: "signal", length: pageSize)
        let own = try MemoryMapping(of: file, length: pageSize)
        let signal = try sharer.peer.map(file, length: pageSize)
        let spawner = try sharer.peer.startTask()
        let alone = try ProcessState.threadCount(of: sharer.peer.pid)
        func release(_ word: Int) throws {
            own.cell(at: word).store(FutexWord(rawValue: 1))
            try own.cell(at: word).wake(UInt32(Int32.max))
        }
        for _ in 0..<40 {
            // Those that exit come first in the group's list, those that stay make the rest of the walk over it
            // long: so it happens that a thread is counted, and gone before the walk ends.
            let (leaving, staying) = (100, 200)
            try spawner.spawnWaiters(leaving, on: signal)
            try spawner.spawnWaiters(staying, on: signal + 64)
            try sharer.hold("the exits of threads", atLeast: 1) {
                try release(0)
            } until: {
                try ProcessState.threadCount(of: sharer.peer.pid) == alone + staying
            }
            try release(64)
            try Deadline.poll(for: "the other threads to exit") {
                try ProcessState.threadCount(of: sharer.peer.pid) == alone
            }
            for word in [0, 64] { own.cell(at: word).store(FutexWord(rawValue: 0)) }
        }
    }
}

/// A peer with a clone(CLONE_VM) process, whose robust list head this process can write and read by plain stores and
/// loads: so the call can be tried many thousand times while something else goes on.
private final class ChurnSharer {
    let peer: Peer
    /// A page of the peer's for whoever needs one.
    let scratch: UInt
    private let scene: Scene
    private let lock: MemoryFile
    private let own: MemoryMapping
    private let heads: MemoryMapping
    private let operation: UInt

    /// - Parameter processor: on which the peer and all its tasks run; nil for any.
    init(_ scene: Scene, onProcessor processor: Int? = nil) throws {
        self.scene = scene
        let lock = try scene.file()
        let file = try MemoryFile(name: "heads", length: pageSize)
        peer = try scene.peer()
        // Its tasks inherit it.
        if let processor { try peer.run(onProcessor: processor) }
        own = try MemoryMapping(of: lock, length: pageSize)
        heads = try MemoryMapping(of: file, length: pageSize)
        let word = try peer.map(lock, length: pageSize) + UInt(wordOffset)
        operation = PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset).rawValue
        let page = try peer.map(file, length: pageSize)
        scratch = try peer.map(anonymous: .private, length: pageSize)
        self.lock = lock
        let head = try PlacedHead(of: try peer.startTask(.vmProcess), at: page)
        try head.enterWindow(at: word)
    }

    /// Calls again and again, with the operation pending each time, from `begin` until `isOver`.
    func hold(
        _ what: String, atLeast count: Int, begin: () throws -> Void, until isOver: () throws -> Bool
    ) throws {
        let pending = UnsafeMutablePointer<UInt>(bitPattern: heads.address + 16)!
        let cell = own.cell(at: wordOffset)
        let deadline = Deadline()
        var calls = 0
        try begin()
        repeat {
            for _ in 0..<8 {
                crf_store_pointer(pending, operation)
                try scene.cleanup(cell)
                calls += 1
                guard crf_load_pointer(pending) == 0 else {
                    throw CheckError.failed(
                        "list_op_pending of the process that shares memory: expected NULL after call \(calls)"
                            + " during \(what), observed the operation")
                }
            }
            guard !deadline.hasPassed else { throw CheckError.timedOut(what) }
        } while try !isOver()
        guard calls >= count else { throw CheckError.broken("only \(calls) calls during \(what)") }
    }
}
