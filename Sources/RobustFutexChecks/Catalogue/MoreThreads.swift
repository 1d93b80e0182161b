// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Tasks that cannot run when the call comes, and tasks that this process sees under other names.
extension Check {
    static let moreThreads: [Check] = [
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
            "clearsPendingOperationInOtherNamespaces", .threads, needs: [.root, .namespaces],
            claim: "a process of other pid and user namespaces loses its pending operation"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let parent = try scene.peer()
            try parent.need("unshare", crf_nr_unshare, crf_new_user_and_pid_namespace)
            let child = try scene.fork(parent)
            guard try child.syscall(crf_nr_getpid) == 1 else {
                throw CheckError.broken("peer \(child.pid) is not the first of a pid namespace")
            }
            let word = try child.map(file, length: pageSize) + UInt(wordOffset)
            let task = try child.startTask()
            try task.enterWindow(at: word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(task, "the thread in other namespaces")
        },

        Check(
            "clearsForCallerInOtherNamespaces", .threads, needs: [.root, .namespaces],
            claim:
                "a caller that cannot see a sharer, which is outside its pid namespace, cleans it up all the same"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let parent = try scene.peer()
            try parent.need("unshare", crf_nr_unshare, crf_new_user_and_pid_namespace)
            let caller = try scene.fork(parent)
            let word = try caller.map(file, length: pageSize) + UInt(wordOffset)
            try scene.cleanup(by: try caller.startTask(), address: word)
            try scene.expectCleared(sibling.task, "the thread outside the caller's namespaces")
        },

        Check(
            "clearsInHundredsOfThreads", .threads,
            claim: "each of 300 threads of one process loses its pending operation in one call"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let tasks = try (0..<300).map { _ in
                let task = try peer.startTask()
                try task.enterWindow(at: word)
                return task
            }
            try scene.cleanup(own.cell(at: wordOffset))
            for (index, task) in tasks.enumerated() {
                try scene.expectCleared(task, "thread \(index + 1) of \(tasks.count)")
            }
        },

        Check(
            "clearsInHundredsOfProcesses", .threads,
            claim: "each of 130 processes loses its pending operation in one call"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let siblings = try (0..<130).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            try scene.cleanup(own.cell(at: wordOffset))
            for (index, sibling) in siblings.enumerated() {
                try scene.expectCleared(sibling.task, "process \(index + 1) of \(siblings.count)")
            }
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
