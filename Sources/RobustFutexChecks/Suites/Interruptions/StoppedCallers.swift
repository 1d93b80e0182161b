// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

// A caller that waits is stopped, by whatever stops tasks: each interrupts the wait as a signal does, though there is no
// handler, and the call goes on waiting afterwards.
extension Check {
    static let stoppedCallers: [Check] = [
        Check(
            "stopsWhileItWaitsForExec", .interruptions, needs: [.root, .userfaultfd],
            claim:
                "a caller that waits for an exec can be stopped, by a signal or a tracer, and then waits again"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let (peer, calling, word) = try caller(scene, sharing: file)
            calling.beginCleanup(address: word)
            try stopsAndGoesOn(scene, peer, calling, "for the exec")
            try exec.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the exec")
            try exec.expectUntouched("after the call")
        },

        Check(
            "stopsWhileItWaitsForMmapLock", .interruptions, needs: [.root, .fuse],
            claim: "so can one that waits for the mmap_lock of a sharer, which it clears in the end"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let (peer, calling, word) = try caller(scene, sharing: file)
            let directory = try ScratchDirectory()
            let lock = try HeldMmapLock(of: sibling.peer, in: directory)
            defer { lock.letGo() }
            calling.beginCleanup(address: word)
            try stopsAndGoesOn(scene, peer, calling, "for the mmap_lock of a sharer")
            lock.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) once the lock is free")
            try scene.expectCleared(sibling.task, "the sharer")
        },

        Check(
            "freezesWhileItWaitsForExec", .interruptions, needs: [.root, .userfaultfd, .cgroupFreezer],
            claim:
                "the control group of a caller that waits for an exec can be frozen; thawed, it waits again"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let (peer, calling, word) = try caller(scene, sharing: file)
            let group = try ControlGroup()
            try group.add(peer.pid)
            calling.beginCleanup(address: word)
            try scene.expectWaiting(calling, "for the exec")
            try expectStopped("the control group of a caller that waits for the exec, frozen") {
                try group.freeze()
            }
            try group.thaw()
            try expectWaitingAgain(scene, calling, "for the exec, after its group was thawed")
            try exec.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the exec")
            try peer.close()
        },
    ]

    private static func stopsAndGoesOn(_ scene: Scene, _ peer: Peer, _ calling: PeerTask, _ what: String)
        throws
    {
        try scene.expectWaiting(calling, what)
        try expectStopped("a caller that waits \(what), stopped by SIGSTOP") { try peer.stop() }
        try peer.process.send(SIGCONT)
        try expectWaitingAgain(scene, calling, "\(what), after SIGCONT")
        try expectStopped("a caller that waits \(what), stopped by its tracer") {
            let tracer = try Tracer(stopping: calling)
            withExtendedLifetime(tracer) {}
        }
        try expectWaitingAgain(scene, calling, "\(what), after its tracer let it go")
    }

    private static func expectStopped(_ what: String, _ stop: () throws -> Void) throws {
        do {
            try stop()
        } catch CheckError.timedOut {
            throw CheckError.failed("\(what): expected within \(Deadline.standard), not observed")
        }
    }

    /// Asleep once more: a task that is stopped within the call counts as blocked in it, too.
    private static func expectWaitingAgain(_ scene: Scene, _ task: PeerTask, _ what: String) throws {
        try Deadline.poll(for: "task \(task.tid) to sleep \(what), or to return") {
            task.isIdle || ProcessState.letter(of: task.tid, in: task.processID) == "S"
        }
        try scene.expectWaiting(task, what)
    }
}
