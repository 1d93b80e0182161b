// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import SystemPackage
import TestProcesses

// Tasks that their caller, or this process, sees under other names or not at all.
extension Check {
    static let namespaces: [Check] = [
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
    ]
}
