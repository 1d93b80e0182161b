// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage

// Which futex words a range names: those that it overlaps.
extension Check {
    static let ranges: [Check] = [
        Check(
            "changesNothingForEmptyRange", .errors,
            claim: "length 0 succeeds and changes nothing, at a mapped address and at an unmapped one"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: Scene.page)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let cell = own.cell(at: wordOffset)
            for flags in [CleanupFlags(), .privateOnly] {
                try scene.cleanup(address: cell.address, length: 0, flags: flags)
                try scene.cleanup(address: 0, length: 0, flags: flags)
            }
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after empty ranges")
            try scene.cleanup(cell)
            try scene.expectCleared(sibling.task, "the sibling after a range of one word")
        },

        Check(
            "clearsEveryWordOfRange", .siblings,
            claim: "one call over two pages clears the operations on all words in them, and none outside"
        ) { scene in
            let length = 4 * Scene.page
            let file = try scene.file(pages: 4)
            let own = try MemoryMapping(of: file, length: length)
            let peer = try scene.peer()
            let base = try peer.map(file, length: length)
            // The first and last word of the range, two within, and those just outside.
            let inside = [Scene.page, Scene.page + 0x180, 2 * Scene.page, 3 * Scene.page - 4]
            let outside = [Scene.page - 4, 3 * Scene.page]
            func enter(_ offset: Int) throws -> (task: PeerTask, word: UInt, offset: Int) {
                let task = try peer.startTask()
                try task.enterWindow(at: base + UInt(offset))
                return (task, base + UInt(offset), offset)
            }
            let named = try inside.map(enter)
            let bystanders = try outside.map(enter)
            try scene.cleanup(address: own.address + UInt(Scene.page), length: 2 * Scene.page)
            for one in named { try scene.expectCleared(one.task, "the thread at offset \(one.offset)") }
            for one in bystanders {
                try scene.expectUntouched(one.task, at: one.word, "the thread at offset \(one.offset)")
            }
        },

        Check(
            "clearsAcrossMappingsOfDifferentFiles", .siblings, needs: [.severalMappings],
            claim: "a range over adjacent mappings of two files clears in the sharers of either"
        ) { scene in
            let first = try scene.file()
            let second = try scene.file()
            let caller = try scene.peer()
            // Two pages in one piece, so that a file can be mapped over each half.
            let base = try caller.map(anonymous: .private, length: 2 * Scene.page)
            try caller.map(first, at: base, length: Scene.page)
            try caller.map(second, at: base + UInt(Scene.page), length: Scene.page)
            let siblings = [
                try scene.peer(inWindowOf: first, at: wordOffset),
                try scene.peer(inWindowOf: second, at: wordOffset),
            ]
            try scene.cleanup(by: try caller.startTask(), address: base, length: 2 * Scene.page)
            try scene.expectCleared(siblings[0].task, "the sharer of the first file")
            try scene.expectCleared(siblings[1].task, "the sharer of the second file")
        },

        Check(
            "clearsAcrossPartsOfFileInReverseOrder", .siblings, needs: [.severalMappings],
            claim: "a range over parts of a file, the later part first, clears in the sharers of either"
        ) { scene in
            let file = try scene.file(pages: 2)
            let caller = try scene.peer()
            let base = try caller.map(anonymous: .private, length: 2 * Scene.page)
            try caller.map(file, at: base, offset: Scene.page, length: Scene.page)
            try caller.map(file, at: base + UInt(Scene.page), length: Scene.page)
            let sharers = try [0, Scene.page].map { offset in
                let sharer = try scene.peer()
                let task = try sharer.startTask()
                let page = try sharer.map(file, offset: offset, length: Scene.page)
                try task.enterWindow(at: page + UInt(wordOffset))
                return task
            }
            try scene.cleanup(by: try caller.startTask(), address: base, length: 2 * Scene.page)
            try scene.expectCleared(sharers[0], "the sharer of the file's first page")
            try scene.expectCleared(sharers[1], "the sharer of the file's second page")
        },

        Check(
            "clearsWordThatRangeTouchesInOneByte", .siblings,
            claim: "a range of one byte names the futex word that contains the byte, and no other"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: Scene.page)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let address = own.cell(at: wordOffset).address
            for outside in [address - 1, address + 4] {
                try scene.cleanup(address: outside, length: 1)
                try scene.expectUntouched(
                    sibling.task, at: sibling.word, "the sibling after a byte beside its word")
            }
            for byte in [address, address + 3] {
                try sibling.task.confirmPending(at: sibling.word)
                try scene.cleanup(address: byte, length: 1)
                try scene.expectCleared(sibling.task, "the sibling after byte \(byte - address) of its word")
                try sibling.task.finish()
                try sibling.task.enterWindow(at: sibling.word)
            }
        },
    ]
}
