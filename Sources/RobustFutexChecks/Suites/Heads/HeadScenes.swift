// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

extension Check {
    /// A thread of a peer has its head `offset` bytes into the memory that `place` gives, and is in the window when
    /// the call comes; `before` brings that memory into the state that the check is about.
    static func withHead(
        _ scene: Scene, _ what: String, at offset: Int = 0x40, place: (Peer) throws -> UInt,
        before: (Peer, UInt) throws -> Void = { _, _ in }
    ) throws {
        let file = try scene.file()
        let own = try MemoryMapping(of: file, length: pageSize)
        let peer = try scene.peer()
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let base = try place(peer)
        let head = try PlacedHead(of: try peer.startTask(), at: base + UInt(offset))
        try head.enterWindow(at: word)
        let expected = PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset).rawValue
        guard try head.pending() == expected else {
            throw CheckError.broken("the head \(what) is not as set")
        }
        try before(peer, base)
        try scene.cleanup(own.cell(at: wordOffset))
        try scene.expectCleared(head, "the thread whose head is \(what)")
    }

    /// A thread's head cannot be written by anybody, though it points to the word named: it stays as it is, and a
    /// thread beside it and one of another process are cleared all the same.
    static func withUnreachableHead(
        _ scene: Scene, _ what: String, before: (Peer, PlacedHead) throws -> Void,
        after: (Peer, PlacedHead) throws -> Void
    ) throws {
        let file = try scene.file()
        let own = try MemoryMapping(of: file, length: pageSize)
        let control = try scene.peer(inWindowOf: file, at: wordOffset)
        let other = try scene.peer(inWindowOf: file, at: wordOffset)
        let page = try control.peer.map(anonymous: .private, length: pageSize)
        let head = try PlacedHead(of: try control.peer.startTask(), at: page)
        try head.enterWindow(at: control.word)
        let set = try head.pending()
        try before(control.peer, head)
        try scene.cleanup(own.cell(at: wordOffset))
        try scene.expectCleared(control.task, "the thread beside it")
        try scene.expectCleared(other.task, "the thread of another process")
        try after(control.peer, head)
        try scene.expect(head, set, "the thread whose head is \(what)")
    }

    /// A thread's head is in memory that nobody but its own process can store into, though it points to the word named:
    /// it stays as it is, and a thread beside it is cleared all the same.
    static func leavesHead(_ scene: Scene, in what: String, place: (Peer) throws -> UInt) throws {
        let file = try scene.file()
        let own = try MemoryMapping(of: file, length: pageSize)
        let control = try scene.peer(inWindowOf: file, at: wordOffset)
        let address = try place(control.peer)
        _ = try PlacedHead(of: try control.peer.startTask(), at: address)
        let operation = PendingOperation(
            futexWord: control.word, futexOffset: PeerTask.defaultFutexOffset)
        try store(operation, inHeadAt: address, of: control.peer)
        try scene.cleanup(own.cell(at: wordOffset))
        try scene.expectCleared(control.task, "the sibling with an ordinary head")
        let after = try control.peer.word(at: address + 16)
        try scene.expect(
            after, FutexWord(rawValue: UInt32(truncatingIfNeeded: operation.rawValue)),
            "the lower half of list_op_pending in \(what)")
    }

    /// The peer's own stores, by an address of its choice, into a head: what it needs to be in the window.
    static func store(_ operation: PendingOperation, inHeadAt address: UInt, of peer: Peer) throws {
        let members = [(8, UInt(bitPattern: PeerTask.defaultFutexOffset)), (16, operation.rawValue)]
        for (offset, value) in members {
            try peer.store(
                FutexWord(rawValue: UInt32(truncatingIfNeeded: value)), at: address + UInt(offset))
            try peer.store(
                FutexWord(rawValue: UInt32(truncatingIfNeeded: value >> 32)), at: address + UInt(offset + 4))
        }
    }

    /// Maps the file at an address where a huge page fits, and touches its first one.
    static func alignedMapping(
        of file: borrowing MemoryFile, in peer: Peer
    ) throws -> (peer: Peer, address: UInt) {
        let base = try peer.map(anonymous: .private, length: 2 * HugePages.size)
        let aligned = HugePages.place(atOrAbove: base)
        try peer.map(file, at: aligned, length: HugePages.size)
        try peer.store(.unlocked, at: aligned)
        return (peer, aligned)
    }

    /// A page of a file is no longer mapped by the peer on return; it stays in the file.
    static func dropEntry(of page: UInt, in peer: Peer) throws {
        try peer.advise(page, length: pageSize, MADV_DONTNEED)
        guard try !isPageMapped(page, in: peer.pid) else {
            throw CheckError.broken("the page of the head is still mapped")
        }
    }

    /// The page is in swap space on return.
    static func swapOut(_ page: UInt, of peer: Peer) throws {
        let pageOut: Int32 = 21  // MADV_PAGEOUT of <linux/mman.h>
        func isSwappedOut() throws -> Bool {
            try MappingSizes.kibibytes("Swap", at: page, in: peer.pid) == pageSize / 1024
                && !isPageMapped(page, in: peer.pid)
        }
        var processor = 0
        try Deadline.poll(for: "the page of the head to be swapped out") {
            if try isSwappedOut() { return true }
            // A page that one processor has only just allocated is out of reach until that one is told to page out.
            try peer.run(onProcessor: processor)
            processor = (processor + 1) % sysconf(Int32(_SC_NPROCESSORS_ONLN))
            // Nothing is paged out where no page is mapped, as an attempt that failed half-way leaves it.
            _ = try peer.word(at: page)
            try peer.advise(page, length: pageSize, pageOut)
            return try isSwappedOut()
        }
    }
}
