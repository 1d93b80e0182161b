// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import SystemPackage
import TestProcesses

// Tasks that a walk over "the threads of a process" misses when it is written too simply.
extension Check {
    static let threads: [Check] = [
        Check(
            "clearsPendingOperationBehindZombieLeader", .threads,
            claim: "a thread whose group leader has exited (leader's mm is NULL) loses its pending operation"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try sibling.peer.exitLeader()
            try sibling.task.confirmPending(at: sibling.word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(sibling.task, "the thread behind a zombie leader")
        },

        Check(
            "clearsBehindZombieLeaderAmongAllProcesses", .threads, needs: [.root, .fuse],
            claim: "the same while a reader holds the address space, so that all processes are searched"
        ) { scene in
            let directory = try ScratchDirectory()
            let silent = try SilentFile(in: directory)
            defer { silent.end() }
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let page = try sibling.peer.map(silent.file, length: pageSize)
            try sibling.peer.exitLeader()
            try sibling.task.confirmPending(at: sibling.word)
            let reader = try scene.peer().startTask()
            let scratch = try reader.peer.map(anonymous: .private, length: pageSize)
            let (local, remote) = (scratch, scratch + 16)
            for (address, vector) in [(local, scratch + 64), (remote, page)] {
                try reader.store(vector, at: address)
                try reader.store(UInt(8), at: address + 8)
            }
            reader.begin(
                crf_nr_process_vm_readv, UInt(sibling.task.tid), local, 1, remote, 1, 0)
            try Deadline.poll(for: "a read of the file of FUSE") { silent.readCount > 0 }
            let (_, calling, word) = try caller(scene, sharing: file)
            try scene.cleanupInTime(
                by: calling, address: word, despite: "a reader that holds the address space of a sharer")
            try scene.expectCleared(sibling.task, "the thread behind a zombie leader")
        },

        Check(
            "clearsPendingOperationInProcessSharingMemory", .threads,
            claim:
                "a process made by clone(CLONE_VM) loses its pending operation, as the thread beside it does"
        ) { scene in
            try clearsInSharer(scene, of: .vmProcess)
        },

        Check(
            "clearsInManyProcessesSharingMemory", .threads,
            claim:
                "each of eight pairs of processes that share an address space, made by clone(CLONE_VM), loses both"
                + " of its pending operations in one call"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let pairs = try (0..<8).map { _ in
                let (peer, thread, word) = try scene.peer(inWindowOf: file, at: wordOffset)
                let sharer = try peer.startTask(.vmProcess)
                try sharer.enterWindow(at: word)
                return (thread: thread, sharer: sharer)
            }
            try scene.cleanup(own.cell(at: wordOffset))
            for (index, pair) in pairs.enumerated() {
                try scene.expectCleared(pair.thread, "the thread of pair \(index + 1) of \(pairs.count)")
                try scene.expectCleared(pair.sharer, "the process of pair \(index + 1) of \(pairs.count)")
            }
        },

        Check(
            "clearsPendingOperationInVforkChild", .threads,
            claim: "a vfork(2) child loses its pending operation, while its parent is suspended"
        ) { scene in
            try clearsInSharer(scene, of: .vforkChild)
        },

        Check(
            "clearsPendingOperationInProcessSharingMemoryOfCaller", .threads, .privateSyscall,
            claim: "with FUTEX2_PRIVATE, too, a clone(CLONE_VM) process counts as sharing the caller's memory"
        ) { scene in
            let caller = try scene.peer()
            let word = try caller.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            let thread = try caller.startTask()
            let sharer = try caller.startTask(.vmProcess)
            for task in [thread, sharer] { try task.enterWindow(at: word) }
            try scene.cleanup(by: thread, address: word, flags: .privateOnly)
            try scene.expectCleared(thread, "the calling thread")
            try scene.expectCleared(sharer, "the process that shares its memory")
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
    ]

    /// A sibling with a thread and a task of `kind`, both in the window of the same lock.
    private static func clearsInSharer(_ scene: Scene, of kind: PeerTask.Kind) throws {
        let file = try scene.file()
        let own = try MemoryMapping(of: file, length: pageSize)
        let (peer, thread, word) = try scene.peer(inWindowOf: file, at: wordOffset)
        let sharer = try peer.startTask(kind)
        guard sharer.processID != peer.pid else {
            throw CheckError.broken("the \(kind) is in its parent's thread group")
        }
        try sharer.enterWindow(at: word)
        try scene.cleanup(own.cell(at: wordOffset))
        try scene.expectCleared(thread, "the thread")
        try scene.expectCleared(sharer, "the \(kind)")
    }
}
