// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Ranges with a hole, and those without a mapping. FUTEX2_PRIVATE is what precedes munmap(2), which accepts both.
extension Check {
    static let holes: [Check] = [
        Check(
            "refusesRangeWithHole", .errors, needs: [.severalMappings],
            claim:
                "a range with an unmapped page in it gives ENOMEM, and nothing before or after the hole is changed"
        ) { scene in
            let file = try scene.file(pages: 3)
            let length = 3 * pageSize
            // The caller is a peer: in this process another thread might map something into the hole.
            let caller = try scene.peer()
            let base = try caller.map(file, length: length)
            let calling = try caller.startTask()
            let sibling = try scene.peer()
            let there = try sibling.map(file, length: length)
            let words = [0, 2].map { there + UInt($0 * pageSize + wordOffset) }
            let tasks = try words.map { word in
                let task = try sibling.startTask()
                try task.enterWindow(at: word)
                return task
            }
            try caller.unmap(base + UInt(pageSize), length: pageSize)
            try scene.expect(
                try calling.cleanup(address: base, length: length), -Int(Errno.noMemory.rawValue),
                "range with a hole")
            try scene.expectUntouched(tasks[0], at: words[0], "the task before the hole")
            try scene.expectUntouched(tasks[1], at: words[1], "the task after the hole")
            try scene.cleanup(by: calling, address: base, length: pageSize)
            try scene.expectCleared(tasks[0], "the task on the first page after a correct call")
        },

        Check(
            "refusesHoleAtEitherEnd", .errors, needs: [.severalMappings],
            claim: "a range whose first or whose last page is not mapped gives ENOMEM, and nothing is changed"
        ) { scene in
            let file = try scene.file()
            let caller = try scene.peer()
            // Before there are holes, which what a new task needs could fill.
            let calling = try caller.startTask()
            let base = try caller.map(anonymous: .private, length: 3 * pageSize)
            try caller.map(file, at: base + UInt(pageSize), length: pageSize)
            for page in [0, 2] { try caller.unmap(base + UInt(page * pageSize), length: pageSize) }
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            for start in [0, 1] {
                try scene.expect(
                    try calling.cleanup(address: base + UInt(start * pageSize), length: 2 * pageSize),
                    -Int(Errno.noMemory.rawValue), "range with a hole at its \(start == 0 ? "start" : "end")")
            }
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after refused calls")
            try scene.cleanup(by: calling, address: base + UInt(pageSize), length: pageSize)
            try scene.expectCleared(sibling.task, "the sibling after a correct call")
        },

        Check(
            "clearsAroundHolesWithPrivateFlag", .errors, .privateSyscall,
            claim:
                "with FUTEX2_PRIVATE a range with a hole succeeds, and operations before, in and after the hole are cleared"
        ) { scene in
            let caller = try scene.peer()
            // Before there are holes, which what a new task needs could fill.
            let calling = try caller.startTask()
            let threads = try (0..<4).map { _ in try caller.startTask() }
            let heads = try caller.map(anonymous: .private, length: pageSize)
            let base = try caller.map(anonymous: .private, length: 4 * pageSize)
            let words = (0..<4).map { base + UInt($0 * pageSize + wordOffset) }
            let placed = try threads.enumerated().map { index, thread in
                let head = try PlacedHead(of: thread, at: heads + UInt(64 * index))
                try head.enterWindow(at: words[index])
                return head
            }
            let bystander = try placed[3].pending()
            try caller.unmap(base + UInt(pageSize), length: pageSize)
            try scene.cleanup(by: calling, address: base, length: 3 * pageSize, flags: .privateOnly)
            for (head, what) in zip(placed, ["before", "in", "after"]) {
                try scene.expectCleared(head, "the thread on a word \(what) the hole")
            }
            try scene.expect(placed[3], bystander, "the thread on a word behind the range")
        },

        Check(
            "clearsInRangeWithoutMappingWithPrivateFlag", .errors, .privateSyscall,
            claim:
                "with FUTEX2_PRIVATE a range in which nothing is mapped succeeds, and operations on it are cleared"
        ) { scene in
            let caller = try scene.peer()
            let calling = try caller.startTask()
            let thread = try caller.startTask()
            let head = try PlacedHead(of: thread, at: try caller.map(anonymous: .private, length: pageSize))
            let page = try caller.map(anonymous: .private, length: pageSize)
            try head.enterWindow(at: page + UInt(wordOffset))
            try caller.unmap(page, length: pageSize)
            try scene.cleanup(by: calling, address: page, length: pageSize, flags: .privateOnly)
            try scene.expectCleared(head, "the thread on a word that is not mapped")
        },
    ]
}
