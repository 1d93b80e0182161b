// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// The futex words that a range names: those that it overlaps.
extension Check {
    static let ranges: [Check] = [
        Check(
            "clearsEveryWordOfRange", .siblings,
            claim: "one call over two pages clears the operations on all words in them, and none outside"
        ) { scene in
            let length = 4 * pageSize
            let file = try scene.file(pages: 4)
            let own = try MemoryMapping(of: file, length: length)
            let peer = try scene.peer()
            let base = try peer.map(file, length: length)
            // The first and last word of the range, two within, and those just outside.
            let inside = [pageSize, pageSize + 0x180, 2 * pageSize, 3 * pageSize - 4]
            let outside = [pageSize - 4, 3 * pageSize]
            func enter(_ offset: Int) throws -> (task: PeerTask, word: UInt, offset: Int) {
                let task = try peer.startTask()
                try task.enterWindow(at: base + UInt(offset))
                return (task, base + UInt(offset), offset)
            }
            let named = try inside.map(enter)
            let bystanders = try outside.map(enter)
            try scene.cleanup(address: own.address + UInt(pageSize), length: 2 * pageSize)
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
            let base = try map(first, and: second, in: caller)
            let siblings = [
                try scene.peer(inWindowOf: first, at: wordOffset),
                try scene.peer(inWindowOf: second, at: wordOffset),
            ]
            try scene.cleanup(by: try caller.startTask(), address: base, length: 2 * pageSize)
            try scene.expectCleared(siblings[0].task, "the sharer of the first file")
            try scene.expectCleared(siblings[1].task, "the sharer of the second file")
        },

        Check(
            "clearsAcrossPartsOfFileInReverseOrder", .siblings, needs: [.severalMappings],
            claim: "a range over parts of a file, the later part first, clears in the sharers of either"
        ) { scene in
            let file = try scene.file(pages: 2)
            let caller = try scene.peer()
            let base = try caller.map(anonymous: .private, length: 2 * pageSize)
            try caller.map(file, at: base, offset: pageSize, length: pageSize)
            try caller.map(file, at: base + UInt(pageSize), length: pageSize)
            let sharers = try [0, pageSize].map { try sharer(scene, ofPageAt: $0, of: file) }
            try scene.cleanup(by: try caller.startTask(), address: base, length: 2 * pageSize)
            try scene.expectCleared(sharers[0], "the sharer of the file's first page")
            try scene.expectCleared(sharers[1], "the sharer of the file's second page")
        },

        Check(
            "clearsAcrossMixedPartsOfTwoFiles", .siblings, needs: [.severalMappings],
            claim:
                "a range over many parts of two files, in any order, clears in who maps only one of the parts"
        ) { scene in
            let (files, parts) = (2, 12)
            let places = files * parts
            let caller = try scene.peer()
            let base = try caller.map(anonymous: .private, length: places * pageSize)
            let sharers = try (0..<files).flatMap { number in
                let file = try scene.file(pages: parts)
                return try (0..<parts).map { part in
                    // 7 has no common divisor with the number of places: each is taken once. With these numbers a
                    // sort that mixes up file and offset leaves out parts, whichever file comes first.
                    let place = (number * parts + part) * 7 % places
                    let offset = part * pageSize
                    try caller.map(file, at: base + UInt(place * pageSize), offset: offset, length: pageSize)
                    let task = try sharer(scene, ofPageAt: offset, of: file)
                    return (task: task, part: "part \(part) of file \(number)")
                }
            }
            try scene.cleanup(by: try caller.startTask(), address: base, length: places * pageSize)
            for sharer in sharers {
                try scene.expectCleared(sharer.task, "the process that maps \(sharer.part)")
            }
        },

        Check(
            "leavesOperationBehindEachMapping", .siblings, needs: [.severalMappings],
            claim: "where a range goes on with another file, the next word of the file before is not in it"
        ) { scene in
            let file = try scene.file(pages: 2)
            let caller = try scene.peer()
            let base = try map(file, and: scene.file(), in: caller)
            let sharer = try scene.peer()
            let memory = try sharer.map(file, length: 2 * pageSize)
            let words = [pageSize - 4, pageSize].map { memory + UInt($0) }
            let tasks = try words.map { word in
                let task = try sharer.startTask()
                try task.enterWindow(at: word)
                return task
            }
            try scene.cleanup(by: try caller.startTask(), address: base, length: 2 * pageSize)
            try scene.expectCleared(tasks[0], "the thread on the last word of the mapping")
            try scene.expectUntouched(tasks[1], at: words[1], "the thread on the word behind it")
        },

        Check(
            "leavesOperationThatOnlyAnEarlierCallNamed", .siblings, needs: [.severalMappings],
            claim: "a call names nothing that only the call before it named"
        ) { scene in
            let count = 6
            let file = try scene.file(pages: 2 * count)
            let caller = try scene.peer()
            let base = try caller.mapEveryOtherPage(of: file, count: count)
            let calling = try caller.startTask()
            let sharer = try scene.peer()
            let last = try sharer.map(file, length: 2 * count * pageSize) + UInt(2 * (count - 1) * pageSize)
            let task = try sharer.startTask()
            for _ in 0..<8 {
                for mappings in 1..<count {
                    // In the memory that the kernel needed for it comes what it needs for the next one.
                    try scene.cleanup(by: calling, address: base, length: count * pageSize)
                    try task.enterWindow(at: last)
                    try scene.cleanup(by: calling, address: base, length: mappings * pageSize)
                    try scene.expectUntouched(
                        task, at: last, "the thread in mapping \(count) of which \(mappings) are named")
                    try task.finish()
                }
            }
        },

        Check(
            "clearsFirstWordOfLastMapping", .siblings, needs: [.severalMappings],
            claim: "a range that reaches a byte into the mapping of another file names the first word there"
        ) { scene in
            let first = try scene.file()
            let second = try scene.file()
            let caller = try scene.peer()
            let base = try map(first, and: second, in: caller)
            let calling = try caller.startTask()
            let sharer = try scene.peer(inWindowOf: second, at: 0)
            try scene.cleanup(by: calling, address: base, length: pageSize)
            try scene.expectUntouched(sharer.task, at: sharer.word, "the sharer of what is behind the range")
            try scene.cleanup(by: calling, address: base, length: pageSize + 1)
            try scene.expectCleared(sharer.task, "the sharer of the mapping that the range reaches")
        },

        Check(
            "clearsWordThatRangeTouchesInOneByte", .siblings,
            claim: "a range of one byte names the futex word that contains the byte, and no other"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
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

        Check(
            "clearsWordOfPrivateMemoryThatRangeTouchesInOneByte", .siblings,
            claim: "so does one of private memory, with FUTEX2_PRIVATE and without"
        ) { scene in
            let peer = try scene.peer()
            let word = try peer.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            let (calling, unlocker) = (try peer.startTask(), try peer.startTask())
            for flags: CleanupFlags in [[], .privateOnly] {
                for outside in [word - 1, word + 4] {
                    try unlocker.enterWindow(at: word)
                    try scene.cleanup(by: calling, address: outside, length: 1, flags: flags)
                    try scene.expectUntouched(unlocker, at: word, "the thread after a byte beside its word")
                    try unlocker.finish()
                }
                for byte in [word, word + 3] {
                    try unlocker.enterWindow(at: word)
                    try scene.cleanup(by: calling, address: byte, length: 1, flags: flags)
                    try scene.expectCleared(unlocker, "the thread after byte \(byte - word) of its word")
                    try unlocker.finish()
                }
            }
        },
    ]

    /// Maps the first page of either file, one behind the other.
    private static func map(
        _ first: borrowing MemoryFile, and second: borrowing MemoryFile, in peer: Peer
    ) throws -> UInt {
        // Two pages in one piece, so that a file can be mapped over each half.
        let base = try peer.map(anonymous: .private, length: 2 * pageSize)
        try peer.map(first, at: base, length: pageSize)
        try peer.map(second, at: base + UInt(pageSize), length: pageSize)
        return base
    }

    /// A thread in the window, of a process that maps one page of the file only.
    private static func sharer(
        _ scene: Scene, ofPageAt offset: Int, of file: borrowing MemoryFile
    ) throws -> PeerTask {
        let peer = try scene.peer()
        let task = try peer.startTask()
        try task.enterWindow(at: try peer.map(file, offset: offset, length: pageSize) + UInt(wordOffset))
        return task
    }
}
