// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Memory that the call must not touch. Each check also has a task that the same call must clear: a kernel that
// does nothing passes none of them.
extension Check {
    static let leftAlone: [Check] = [
        Check(
            "leavesPendingOperationFourBytesAway", .siblings,
            claim: "pending operations on the futex words right before and right after the range survive"
        ) { scene in
            try leavesAlone(scene, others: [wordOffset - 4, wordOffset + 4], pages: 1)
        },

        Check(
            "leavesPendingOperationOnePageAway", .siblings,
            claim: "pending operations at the same offset of the pages before and after survive"
        ) { scene in
            let here = pageSize + wordOffset
            try leavesAlone(
                scene, target: here, others: [here - pageSize, here + pageSize], pages: 3)
        },

        Check(
            "leavesPendingOperationInAnotherFile", .siblings,
            claim: "a pending operation at the same offset of another file survives, beside one that does not"
        ) { scene in
            let file = try scene.file()
            let other = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            // One process, which the call has to visit for the sake of the first file.
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let word = try control.peer.map(other, length: pageSize) + UInt(wordOffset)
            let bystander = try control.peer.startTask()
            try bystander.enterWindow(at: word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(control.task, "the thread on this file")
            try scene.expectUntouched(bystander, at: word, "the thread on another file")
        },

        Check(
            "leavesPendingOperationThroughPrivateMapping", .siblings,
            claim:
                "a pending operation through a MAP_PRIVATE mapping of the same offset survives: another lock"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            // Once in a process that has a shared mapping too, once in one that has not.
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let bystanders = try [control.peer, try scene.peer()].map { peer in
                let word = try peer.map(file, length: pageSize, sharing: .private) + UInt(wordOffset)
                let task = try peer.startTask()
                try task.enterWindow(at: word)
                return (task, word)
            }
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(control.task, "the thread with a shared mapping")
            for (task, word) in bystanders {
                try scene.expectUntouched(task, at: word, "the thread \(task.tid) with a private mapping")
            }
        },

        Check(
            "leavesPendingOperationInForkedCopy", .siblings,
            claim: "a pending operation at the same address of a forked child's private copy survives"
        ) { scene in
            let parent = try scene.peer()
            let word = try parent.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            let child = try scene.fork(parent)
            let control = try parent.startTask()
            let copy = try child.startTask()
            try control.enterWindow(at: word)
            try copy.enterWindow(at: word)
            try scene.cleanup(by: try parent.startTask(), address: word)
            try scene.expectCleared(control, "the parent's thread")
            try scene.expectUntouched(copy, at: word, "the child's thread")
        },

        Check(
            "leavesOperationStartedMeanwhile", .siblings,
            claim: "a thread that has left the window and begun an operation on another lock keeps that one"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let mover = try scene.peer(inWindowOf: file, at: wordOffset)
            let next = mover.word + 64
            try mover.task.finish()
            try mover.task.enterWindow(at: next)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(control.task, "the sibling that stayed in the window")
            try scene.expectUntouched(mover.task, at: next, "the sibling that moved on")
        },

        Check(
            "leavesOperationsStartedDuringTheCall", .siblings,
            claim:
                "of operations begun in turn on a cleaned and on another lock, only the former are ever cleared"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let task = try peer.startTask()
            // Wanted: that the call came between a store and the next often enough to mean something. On
            // kernels with debug options it comes once in 16,000 rounds.
            let wanted = 100
            try task.beginChurn(cleaned: word, other: word + 64, clearsWanted: wanted, roundLimit: 20_000_000)
            let deadline = Deadline()
            while !task.isIdle, !deadline.hasPassed { try scene.cleanup(own.cell(at: wordOffset)) }
            let counts = try task.churnCounts()
            guard counts.lost == 0 else {
                throw CheckError.failed(
                    "operations on the other lock: expected none cleared, observed one in round \(counts.rounds)"
                )
            }
            guard counts.cleared >= wanted else {
                throw CheckError.failed(
                    "operations on the cleaned lock: expected at least \(wanted) cleared, observed"
                        + " \(counts.cleared) in \(counts.rounds) rounds")
            }
        },

        Check(
            "leavesSiblingsWithPrivateFlag", .siblings, .privateSyscall,
            claim: "FUTEX2_PRIVATE clears in the caller's process only; a sibling keeps its pending operation"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let caller = try scene.peer()
            let word = try caller.map(file, length: pageSize) + UInt(wordOffset)
            let threads = try (0..<2).map { _ in try caller.startTask() }
            for thread in threads { try thread.enterWindow(at: word) }
            try scene.cleanup(by: threads[0], address: word, flags: .privateOnly)
            try scene.expectCleared(threads[0], "the calling thread")
            try scene.expectCleared(threads[1], "another thread of the caller")
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling process")
        },

        Check(
            "leavesOtherMappingOfCallerWithPrivateFlag", .siblings, .privateSyscall,
            claim: "FUTEX2_PRIVATE matches by address: the caller's second mapping of the lock is left alone"
        ) { scene in
            let file = try scene.file()
            let caller = try scene.peer()
            let words = try (0..<2).map { _ in try caller.map(file, length: pageSize) + UInt(wordOffset) }
            let threads = try (0..<2).map { _ in try caller.startTask() }
            for (thread, word) in zip(threads, words) { try thread.enterWindow(at: word) }
            try scene.cleanup(by: try caller.startTask(), address: words[0], flags: .privateOnly)
            try scene.expectCleared(threads[0], "the thread that uses the mapping named")
            try scene.expectUntouched(threads[1], at: words[1], "the thread that uses the other mapping")
        },
    ]

    /// One task sits in the window at `target`, one at each of `others`, in a sibling; only the first is cleared.
    private static func leavesAlone(
        _ scene: Scene, target: Int = wordOffset, others: [Int], pages: Int
    ) throws {
        let length = pages * pageSize
        let file = try scene.file(pages: pages)
        let own = try MemoryMapping(of: file, length: length)
        let peer = try scene.peer()
        let base = try peer.map(file, length: length)
        let control = try peer.startTask()
        try control.enterWindow(at: base + UInt(target))
        let bystanders = try others.map { offset in
            let task = try peer.startTask()
            try task.enterWindow(at: base + UInt(offset))
            return (task, base + UInt(offset), offset - target)
        }
        try scene.cleanup(own.cell(at: target))
        try scene.expectCleared(control, "the thread on the word named")
        for (task, word, distance) in bystanders {
            try scene.expectUntouched(task, at: word, "the thread on a word \(distance) bytes away")
        }
    }
}
