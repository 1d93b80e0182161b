// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

extension FaultWorld {
    /// A process has its head in private memory, another one in shared memory; both are swapped out before each call.
    /// Besides allocations, reads of the swap space can fail.
    func shareWithSwappedOutHeads() throws {
        try mapFile()
        let swap = try SwapSpace()
        try swap.letTransfersFail()
        let group = try ControlGroup(.memory)
        let heads = try [false, true].map { isShared in
            let sharer = try scene.peer()
            try group.add(sharer.pid)
            return SwappedOutHead(
                of: sharer, at: try sharer.map(file, length: pageSize) + UInt(wordOffset), isShared: isShared)
        }
        beforeEachCall {
            for head in heads { try head.prepare() }
            // Pages that were written stay in memory for a while.
            try Deadline.poll(for: "the pages of heads to be in swap space only") {
                group.reclaimPage()
                return try countedPages("nr_swapcached") == 0
            }
            withExtendedLifetime(swap) {}
        }
        afterEachCall { [unowned self] allCleared, when in
            for head in heads { try look(at: head, allCleared, when) }
        }
    }

    private func look(at place: SwappedOutHead, _ allCleared: Bool, _ when: String) throws {
        guard let head = place.head else { return }
        if let found = try? head.pending() {
            try Self.judge(
                found, Self.operation(on: place.word), allCleared, "task \(head.task.tid), \(when)")
        } else {
            // A page that the call could not read cannot be read by the exit either.
            try expectUnchangedByExit(of: head.task, when)
            place.head = nil
        }
    }

    /// The thread exits, and the word, which is its own by then as if its memory had another use, stays as it is.
    private func expectUnchangedByExit(of task: PeerTask, _ when: String) throws {
        let content = FutexWord(rawValue: UInt32(task.tid))
        try peer.store(content, at: word)
        try task.exit()
        try scene.expect(
            try peer.word(at: word), content,
            "the word after the exit of task \(task.tid), whose head could not be read, \(when)")
        try peer.store(.unlocked, at: word)
    }
}

/// A head in memory of its own, which is another one before each call: a page that could not be read stays lost.
private final class SwappedOutHead {
    /// That of a thread which lives.
    var head: PlacedHead?
    let word: UInt
    private let sharer: Peer
    private let isShared: Bool
    private var page: UInt?

    init(of sharer: Peer, at word: UInt, isShared: Bool) {
        self.sharer = sharer
        self.word = word
        self.isShared = isShared
    }

    func prepare() throws {
        if let page { try sharer.unmap(page, length: pageSize) }
        let page =
            isShared
            ? try sharer.map(try MemoryFile(name: "head", length: pageSize), length: pageSize)
            : try sharer.map(anonymous: .private, length: pageSize)
        self.page = page
        let head = try PlacedHead(of: try self.head?.task ?? sharer.startTask(), at: page)
        try head.enterWindow(at: word)
        self.head = head
        try Check.swapOut(page, of: sharer)
    }
}
