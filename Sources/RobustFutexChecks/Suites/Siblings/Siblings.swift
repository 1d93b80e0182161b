// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Stock kernels have no such call: these are skipped there. On a patched kernel each task named below sits in
// the race window before the call, as get_robust_list(2) confirms, and its pointer is NULL afterwards.
extension Check {
    static let siblings: [Check] = [
        Check(
            "clearsPendingOperationInSiblingProcess", .siblings,
            claim: "a process that maps the lock at another address loses its pending operation on it"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            // The first mapping only keeps the addresses of the two processes apart.
            while try peer.map(anonymous: .private, length: pageSize) == own.address {}
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            guard word != own.cell(at: wordOffset).address else {
                throw CheckError.broken("both processes map the lock at 0x\(String(word, radix: 16))")
            }
            let task = try peer.startTask()
            try task.enterWindow(at: word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(task, "the sibling process")
        },

        Check(
            "clearsPendingOperationInEveryThreadOfSibling", .siblings,
            claim: "every thread of a sibling process loses its pending operation on the lock"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let tasks = try (0..<6).map { _ in try peer.startTask() }
            for task in tasks { try task.enterWindow(at: word) }
            try scene.cleanup(own.cell(at: wordOffset))
            for (index, task) in tasks.enumerated() {
                try scene.expectCleared(task, "thread \(index + 1) of \(tasks.count)")
            }
        },

        Check(
            "clearsPendingOperationInSeveralSiblings", .siblings,
            claim: "every one of several processes that map the lock loses its pending operation"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let siblings = try (0..<5).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            try scene.cleanup(own.cell(at: wordOffset))
            for (index, sibling) in siblings.enumerated() {
                try scene.expectCleared(sibling.task, "sibling \(index + 1) of \(siblings.count)")
            }
        },

        Check(
            "clearsPendingOperationsThroughBothMappingsOfSibling", .siblings,
            claim: "a process that maps the lock twice loses the pending operation through either mapping"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let words = try (0..<2).map { _ in try peer.map(file, length: pageSize) + UInt(wordOffset) }
            let tasks = try words.map { word in
                let task = try peer.startTask()
                try task.enterWindow(at: word)
                return task
            }
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(tasks[0], "the thread that uses the first mapping")
            try scene.expectCleared(tasks[1], "the thread that uses the second mapping")
        },

        Check(
            "clearsPendingOperationInThreadsOfCaller", .siblings,
            claim:
                "the other threads of the caller's process lose their pending operation, and so does the caller"
        ) { scene in
            let peer = try scene.peer()
            let word = try peer.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            let tasks = try (0..<3).map { _ in try peer.startTask() }
            for task in tasks { try task.enterWindow(at: word) }
            try scene.cleanup(by: tasks[0], address: word)
            try scene.expectCleared(tasks[0], "the calling thread")
            try scene.expectCleared(tasks[1], "the second thread")
            try scene.expectCleared(tasks[2], "the third thread")
        },

        Check(
            "clearsPendingOperationThroughMappingOfAnotherOffset", .siblings,
            claim: "a sibling whose mapping starts at another offset of the file loses its pending operation"
        ) { scene in
            let file = try scene.file(pages: 3)
            let own = try MemoryMapping(of: file, length: 3 * pageSize)
            let peer = try scene.peer()
            let word = try peer.map(file, offset: 2 * pageSize, length: pageSize) + UInt(wordOffset)
            let task = try peer.startTask()
            try task.enterWindow(at: word)
            try scene.cleanup(own.cell(at: 2 * pageSize + wordOffset))
            try scene.expectCleared(task, "the sibling that maps the third page only")
        },

        Check(
            "clearsPendingOperationInForkedSharer", .siblings,
            claim:
                "parent and child that share anonymous memory through fork(2) both lose the pending operation"
        ) { scene in
            let parent = try scene.peer()
            let word = try parent.map(anonymous: .shared, length: pageSize) + UInt(wordOffset)
            let child = try scene.fork(parent)
            let tasks = try [parent, child].map { try $0.startTask() }
            for task in tasks { try task.enterWindow(at: word) }
            try scene.cleanup(by: try parent.startTask(), address: word)
            try scene.expectCleared(tasks[0], "the parent's thread")
            try scene.expectCleared(tasks[1], "the child's thread")
        },

        Check(
            "clearsPendingOperationInHeadSharedCopyOnWrite", .siblings, needs: [.faultedHeads],
            claim:
                "a head on a page that fork(2) has made copy-on-write is cleared in its process, not in the copy"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let (parent, task, word) = try scene.peer(inWindowOf: file, at: wordOffset)
            // From here on the page of the head is write-protected in both. Not read before the call: the kernel
            // would copy it for who reads it from outside.
            let child = try scene.fork(parent)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(task, "the thread that forked after it entered the window")
            let copied = try task.pendingOperation(copiedInto: child)
            guard copied == PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset) else {
                throw CheckError.failed("the child's copy of its parent's head was changed: \(copied.orNone)")
            }
        },

        Check(
            "clearsPendingOperationOfPIFutex", .siblings,
            claim: "a pending operation with the PI bit is cleared whole, bit and all"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset, isPI: true)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(sibling.task, "the thread that unlocks a PI futex")
            try scene.expect(
                Int(bitPattern: try sibling.task.pendingRawValue()), 0,
                "list_op_pending with its modifier bits")
        },

        Check(
            "clearsAgainWithoutHarm", .siblings,
            claim:
                "a second call finds nothing, succeeds and changes nothing; a later operation is cleared again"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            for round in 1...2 {
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expectCleared(sibling.task, "the sibling after call \(round)")
            }
            try sibling.task.finish()
            try sibling.task.enterWindow(at: sibling.word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(sibling.task, "the sibling in its second unlock")
        },
    ]
}
