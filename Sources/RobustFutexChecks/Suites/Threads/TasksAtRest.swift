// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Tasks that cannot run when the call comes, to help or otherwise.
extension Check {
    static let tasksAtRest: [Check] = [
        Check(
            "clearsPendingOperationInStoppedProcess", .threads,
            claim: "a process stopped by SIGSTOP loses its pending operation while it is stopped"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try sibling.peer.stop()
            try sibling.task.confirmPending(at: sibling.word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(sibling.task, "the stopped process")
        },

        Check(
            "clearsPendingOperationInTracedTask", .threads,
            claim: "a thread that its tracer has stopped loses its pending operation, without delay"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let tracer = try Tracer(stopping: sibling.task)
            try clearsInTime(scene, file: file, sibling.task, "the traced thread")
            withExtendedLifetime(tracer) {}
        },

        Check(
            "clearsPendingOperationInFrozenGroup", .threads, needs: [.root, .cgroupFreezer],
            claim: "a process in a frozen control group loses its pending operation, without delay"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let group = try ControlGroup()
            try group.add(sibling.peer.pid)
            try group.freeze()
            try clearsInTime(scene, file: file, sibling.task, "the frozen process")
            try group.thaw()
            try sibling.peer.close()
        },

        Check(
            "clearsWhileProcessIsForking", .threads, needs: [.root, .userfaultfd, .faultedHeads],
            claim:
                "a process in the middle of fork(2), whose child exists by half, loses its pending operation"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let faults = try UserFault(of: sibling.peer, features: crf_uffd_event_fork)
            let page = try sibling.peer.map(anonymous: .private, length: pageSize)
            try faults.holdMissing(page)
            let forking = try sibling.peer.startTask()
            forking.beginSpawning(CTP_SPAWN_PROCESSES, count: 1)
            // The child's memory is mapped by now, the fork waits for the event to be taken.
            try faults.awaitEvent("the fork of peer \(sibling.peer.pid)")
            try clearsInTime(scene, file: file, sibling.task, "the thread beside the one that forks")
            guard !forking.isIdle else { throw CheckError.broken("the fork was over before the call") }
            try faults.takeEvent()
            try scene.expect(try forking.endOfCall(), 0, "fork(2)")
        },
    ]

    /// The call is made by a process of its own, and must not wait for what holds `task`.
    static func clearsInTime(
        _ scene: Scene, file: borrowing MemoryFile, _ task: PeerTask, _ what: String
    ) throws {
        let caller = try scene.peer()
        let word = try caller.map(file, length: pageSize) + UInt(wordOffset)
        try scene.cleanupInTime(by: try caller.startTask(), address: word, despite: what)
        try scene.expectCleared(task, what)
    }
}
