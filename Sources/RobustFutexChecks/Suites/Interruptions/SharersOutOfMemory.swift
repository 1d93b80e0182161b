// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

// Sharers whose control group has no memory left: for a page that the call faults in, which is charged to them and not
// to the caller, or for something of their own while the call waits for somebody else.
extension Check {
    static let sharersOutOfMemory: [Check] = [
        Check(
            "clearsOthersWhenSharerHasNoMemoryForItsHead", .interruptions,
            needs: [.root, .cgroupMemory, .faultedHeads],
            claim:
                "a sharer without memory to copy the page of its head makes the call give ENOMEM; all others are cleared"
        ) { scene in
            let file = try scene.file()
            let others = try (0..<3).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            let poor = try ForkedHeads(scene, sharing: file, count: 1)
            let more = try (0..<3).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            let group = try ControlGroup(.memory)
            try group.add(poor.peer.pid)
            try group.exhaustMemory(of: poor.peer.pid)
            let (_, calling, word) = try caller(scene, sharing: file)
            let call = "the call without memory for a sharer"
            try scene.expect(try calling.cleanup(address: word, length: 4), Int(-ENOMEM), call)
            for other in others + more { try scene.expectCleared(other.task, "another sharer after \(call)") }
            // To read a page that is shared by fork, from outside, takes memory, too.
            try group.unlimitMemory()
            try scene.expect(poor.heads[0], poor.operation, "the sharer without memory after \(call)")
            try scene.cleanup(by: calling, address: word)
            try scene.expectCleared(poor.heads[0], "the sharer that has memory again")
            try poor.peer.killAndWait()
        },

        Check(
            "survivesOOMKillOfSharerWhoseHeadsItFaultsIn", .interruptions,
            needs: [.root, .cgroupMemory, .faultedHeads],
            claim:
                "where a page that the call faults in makes the OOM killer end a sharer, the caller and all others go on"
        ) { scene in
            let file = try scene.file()
            let others = try (0..<3).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            // More pages than a processor has charged in advance.
            let poor = try ForkedHeads(scene, sharing: file, count: 130)
            let more = try (0..<3).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            let group = try ControlGroup(.memory)
            try group.add(poor.peer.pid)
            try group.limitMemory(toBytes: pageSize)
            let (_, calling, word) = try caller(scene, sharing: file)
            let result = try calling.cleanup(address: word, length: 4)
            guard result == 0 || result == Int(-ENOMEM) else {
                throw CheckError.failed(
                    "the call during which a sharer ends: expected 0 or ENOMEM, observed \(resultName(result))"
                )
            }
            try scene.expectSoon("the end of the sharer by the OOM killer") { poor.peer.process.hasExited }
            guard try group.kills() > 0 else {
                throw CheckError.broken("the OOM killer has ended nobody of the sharer's group")
            }
            for other in others + more {
                try scene.expectCleared(other.task, "another sharer than that which the OOM killer ended")
            }
            try scene.cleanup(by: calling, address: word)
        },

        Check(
            "delaysNoVictimOfOOMKillerWhileItWaits", .interruptions,
            needs: [.root, .userfaultfd, .cgroupMemory],
            claim:
                "a sharer that the OOM killer ends while a caller waits for another is gone, and its memory, at once"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let victim = try scene.peer(inWindowOf: file, at: wordOffset)
            let segment = try SysVSegment(length: pageSize)
            try segment.attach(to: victim.peer)
            let group = try ControlGroup(.memory)
            try group.add(victim.peer.pid)
            try group.limitMemory(toBytes: 2 << 20)
            let (_, calling, word) = try caller(scene, sharing: file)
            calling.beginCleanup(address: word)
            try scene.expectWaiting(calling, "for the exec")
            victim.task.beginToOccupyMemory(32 << 20)
            try scene.expectSoon("the end of a sharer by the OOM killer, while a call waits for another") {
                victim.peer.process.hasExited
            }
            guard try group.kills() > 0 else { throw CheckError.broken("the OOM killer has ended nobody") }
            try scene.expectSoon("the memory of that sharer to be freed") { try segment.attachments() == 0 }
            guard !calling.isIdle else {
                throw CheckError.broken("the call was over before the sharer was")
            }
            try exec.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the exec")
        },
    ]
}

/// Threads in the race window whose heads lie each on a page that a forked child has, too: to write there it has to be
/// copied first.
private final class ForkedHeads {
    let peer: Peer
    let heads: [PlacedHead]
    /// `list_op_pending` of each.
    let operation: UInt

    init(_ scene: Scene, sharing file: borrowing MemoryFile, count: Int) throws {
        let peer = try scene.peer()
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let pages = try peer.map(anonymous: .private, length: count * pageSize)
        heads = try (0..<count).map { number in
            let head = try PlacedHead(of: try peer.startTask(), at: pages + UInt(number * pageSize))
            try head.enterWindow(at: word)
            return head
        }
        operation = try heads[0].pending()
        _ = try scene.fork(peer)
        self.peer = peer
    }
}
