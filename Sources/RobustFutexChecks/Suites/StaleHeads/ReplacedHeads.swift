// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// The page of a live thread's head is another one when the call is about to clear than when it read. What counts is the
// memory at the address of the head at that moment: that is where exit would find the operation.
extension Check {
    static let replacedHeads: [Check] = [
        Check(
            "clearsInPageThatReplacedThatOfHead", .staleHeads, needs: [.root, .userfaultfd],
            claim:
                "of two pages that a head was on, one mapped over the other during the call, the latter alone is cleared"
        ) { scene in
            let first = try scene.file()
            let second = try scene.file()
            let before = try MemoryMapping(of: first, length: pageSize)
            let after = try MemoryMapping(of: second, length: pageSize)
            try whileCallIsHeld(scene) { peer in
                try peer.map(first, length: pageSize)
            } change: { peer, head, value in
                try peer.map(second, at: head.address & ~UInt(pageSize - 1), length: pageSize)
                try head.set(pending: value, offset: PeerTask.defaultFutexOffset)
            } then: { head, value in
                try scene.expectCleared(head, "the thread whose head is on the new page")
                let place = UInt(headOffset) + head.layout.pendingOffset
                try expect(before, at: place, value, "the page that was unmapped")
                try expect(after, at: place, 0, "the page that was mapped instead")
            }
        },

        Check(
            "leavesPageOfHeadThatWasMovedElsewhere", .staleHeads, needs: [.root, .userfaultfd],
            claim:
                "a page that held a head, moved by mremap(2) during the call, keeps its content where it is now"
        ) { scene in
            var place: UInt = 0
            try whileCallIsHeld(scene) { peer in
                try peer.map(anonymous: .private, length: pageSize)
            } change: { peer, head, _ in
                let page = UInt(pageSize)
                let target = try peer.map(anonymous: .private, length: pageSize)
                let from = head.address & ~(page - 1)
                try peer.need(
                    "mremap", Int(SYS_mremap), from, page, page, UInt(MREMAP_MAYMOVE | MREMAP_FIXED), target)
                place = target + UInt(headOffset) + head.layout.pendingOffset
            } then: { head, value in
                let observed = try head.task.load(UInt.self, at: place)
                guard observed != value else { return }
                throw CheckError.failed(
                    "the moved page: expected 0x\(String(value, radix: 16)), observed 0x\(String(observed, radix: 16))"
                )
            }
        },

        Check(
            "leavesCopyOfHeadThatWasForkedMeanwhile", .staleHeads,
            needs: [.root, .userfaultfd, .faultedHeads],
            claim:
                "of a head whose process forks during the call, the process's own is cleared, the child's copy is not"
        ) { scene in
            var child: Peer?
            try whileCallIsHeld(scene) { peer in
                try peer.map(anonymous: .private, length: pageSize)
            } change: { peer, _, _ in
                child = try scene.fork(peer)
            } then: { head, value in
                try scene.expectCleared(head, "the thread whose process forked")
                try scene.expectCopy(of: head, in: child!.pid, toHave: value)
            }
        },
    ]

    private static let headOffset = 0x40

    /// A thread of a sharer in the window, its head on a page of its own; `change` comes while the call is held.
    private static func whileCallIsHeld(
        _ scene: Scene, page: (Peer) throws -> UInt, change: (Peer, PlacedHead, UInt) throws -> Void,
        then: (PlacedHead, UInt) throws -> Void
    ) throws {
        let (peer, calling, word, own) = try StaleHeadPlace.shared().arrange(scene)
        let head = try PlacedHead(of: try peer.startTask(), at: try page(peer) + UInt(headOffset))
        try head.enterWindow(at: word)
        let value = try head.pending()
        let call = try HeldCall(by: calling, on: own)
        try change(peer, head, value)
        try call.finish(scene)
        try then(head, value)
    }

    private static func expect(
        _ mapping: borrowing MemoryMapping, at offset: UInt, _ expected: UInt, _ what: String
    ) throws {
        let observed = crf_load_pointer(UnsafePointer(bitPattern: mapping.address + offset)!)
        guard observed != expected else { return }
        throw CheckError.failed(
            "\(what): expected 0x\(String(expected, radix: 16)), observed 0x\(String(observed, radix: 16))")
    }
}
