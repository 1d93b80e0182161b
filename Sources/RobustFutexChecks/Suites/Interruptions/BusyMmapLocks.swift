// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

// A caller that waits for an mmap_lock which somebody else has for as long as he likes: that of a sharer, which it visits,
// and its own, which it needs to look at the range and, with FUTEX2_PRIVATE, to read the head of a thread.
extension Check {
    static let busyMmapLocks: [Check] = [
        Check(
            "handlesSignalsWhileItWaitsForMmapLockOfSharer", .interruptions, needs: [.root, .fuse],
            claim:
                "handlers run while the call waits for the mmap_lock of a sharer, which it clears once that is free"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let (peer, calling, word) = try caller(scene, sharing: file)
            try handlesSignals(
                scene, while: calling, of: peer, waitsForLockOf: sibling.peer, "for the mmap_lock of a sharer"
            ) {
                calling.beginCleanup(address: word)
            }
            try scene.expectCleared(sibling.task, "the sharer whose lock was held")
        },

        Check(
            "handlesSignalsWhileItWaitsForMmapLockThatThreadsHold", .interruptions, needs: [.root, .fuse],
            claim:
                "the same when the sharer's own threads hold it, all of which the call knows without a search"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let (peer, calling, word) = try caller(scene, sharing: file)
            try handlesSignals(
                scene, while: calling, of: peer, waitsForLockOf: sibling.peer, by: .thread,
                "for the mmap_lock of a sharer"
            ) {
                calling.beginCleanup(address: word)
            }
            try scene.expectCleared(sibling.task, "the sharer whose threads held the lock")
        },

        Check(
            "handlesSignalsWhileItWaitsForOwnMmapLock", .interruptions, needs: [.root, .fuse],
            claim:
                "handlers run while the call waits for the caller's own mmap_lock, and then it does all of it"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let (peer, calling, word) = try caller(scene, sharing: file)
            let beside = try peer.startTask()
            try beside.enterWindow(at: word)
            try handlesSignals(
                scene, while: calling, of: peer, waitsForLockOf: peer, "for its own mmap_lock"
            ) {
                calling.beginCleanup(address: word)
            }
            try scene.expectCleared(sibling.task, "the sharer")
            try scene.expectCleared(beside, "the thread beside the caller")
        },

        Check(
            "handlesSignalsWhileItWaitsForOwnMmapLockWithPrivateFlag", .interruptions, .privateSyscall,
            needs: [.root, .fuse],
            claim:
                "the same with FUTEX2_PRIVATE, which needs the lock for a thread with a pending operation only"
        ) { scene in
            let (peer, calling, word) = try caller(scene, sharing: try scene.file())
            let beside = try peer.startTask()
            try beside.enterWindow(at: word)
            try handlesSignals(
                scene, while: calling, of: peer, waitsForLockOf: peer, "for its own mmap_lock"
            ) {
                calling.beginCleanup(address: word, flags: .privateOnly)
            }
            try scene.expectCleared(beside, "the thread beside the caller")
        },

        Check(
            "leavesSharersToLaterCallWhenKilledAtMmapLock", .interruptions, needs: [.root, .fuse],
            claim:
                "a caller killed at the mmap_lock of one of seven sharers leaves that one as it was; a later call clears all"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sharers = try (0..<7).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            let (doomed, calling, word) = try caller(scene, sharing: file)
            let held = sharers[3]
            try withHeldLock(of: held.peer) {
                calling.beginCleanup(address: word)
                try scene.expectWaiting(calling, "for the mmap_lock of a sharer")
                try scene.expectKillable(doomed, "that waits for the mmap_lock of a sharer")
            }
            try scene.expectUntouched(held.task, at: held.word, "the sharer whose lock was held")
            for sharer in sharers {
                try scene.expectClearedOrUntouched(sharer.task, at: sharer.word, "a sharer")
            }
            try scene.cleanup(own.cell(at: wordOffset))
            for sharer in sharers { try scene.expectCleared(sharer.task, "a sharer, after a later call") }
        },

        Check(
            "canBeKilledWhileItWaitsForOwnMmapLock", .interruptions, needs: [.root, .fuse],
            claim:
                "a caller that waits for its own mmap_lock gives up when it is killed, with nothing changed; a later call clears"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let (doomed, calling, word) = try caller(scene, sharing: file)
            try withHeldLock(of: doomed) {
                calling.beginCleanup(address: word)
                try scene.expectWaiting(calling, "for its own mmap_lock")
                try doomed.kill()
                try expectGivesUp(scene, calling)
            }
            try doomed.killAndWait()
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sharer")
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(sibling.task, "the sharer, after a later call")
        },

        Check(
            "canBeKilledWhileItWaitsForOwnMmapLockWithPrivateFlag", .interruptions, .privateSyscall,
            needs: [.root, .fuse],
            claim:
                "with FUTEX2_PRIVATE, too; a later call by somebody who shares the memory clears the thread's operation"
        ) { scene in
            let (peer, other, word) = try caller(scene, sharing: try scene.file())
            let thread = try peer.startTask()
            try thread.enterWindow(at: word)
            let calling = try peer.startTask(.vmProcess)
            try withHeldLock(of: peer) {
                calling.beginCleanup(address: word, flags: .privateOnly)
                try scene.expectWaiting(calling, "for the mmap_lock of the memory that it shares")
                try calling.send(SIGKILL)
                try expectGivesUp(scene, calling)
            }
            try calling.end()
            try scene.expectUntouched(thread, at: word, "the thread")
            try scene.cleanup(by: other, address: word, flags: .privateOnly)
            try scene.expectCleared(thread, "the thread, after a later call")
        },
    ]

    /// Signals come while the call waits for the lock of `owner`; all are handled meanwhile, and the call ends with 0
    /// when the lock is free.
    private static func handlesSignals(
        _ scene: Scene, while calling: PeerTask, of peer: Peer, waitsForLockOf owner: Peer,
        by holders: PeerTask.Kind = .vmProcess, _ what: String, begin: () -> Void
    ) throws {
        // Before kernels had locks for each mapping, pages that a handler touches first took the mmap_lock.
        try peer.countSignal(SIGUSR1)
        try calling.send(SIGUSR1)
        try Deadline.poll(for: "the handler to run in a task that is idle") {
            try peer.countSignal(SIGUSR1) == 1
        }
        let signals = 3
        try withHeldLock(of: owner, by: holders) {
            begin()
            try scene.expectWaiting(calling, what)
            for _ in 0..<signals {
                try scene.expectHandledWhileWaiting(SIGUSR1, by: calling, of: peer, what)
            }
        }
        try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) that waited \(what)")
        try scene.expect(try peer.countSignal(SIGUSR1), 1 + signals, "signals handled")
    }

    private static func withHeldLock(
        of owner: Peer, by holders: PeerTask.Kind = .vmProcess, _ body: () throws -> Void
    ) throws {
        let directory = try ScratchDirectory()
        let lock = try HeldMmapLock(of: owner, by: holders, in: directory)
        defer { lock.letGo() }
        try body()
    }

    /// The task is on its way out. Not its end: exit itself needs the lock.
    private static func expectGivesUp(_ scene: Scene, _ calling: PeerTask) throws {
        try scene.expectSoon("the exit of a caller that was killed while it waited for its own mmap_lock") {
            ProcessState.isExiting(calling.tid, in: calling.processID)
        }
    }
}
