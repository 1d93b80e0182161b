// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

// Callers that are interrupted again and again while they fault in robust list heads from swap space, which takes a while
// for each.
extension Check {
    static let interruptedFaults: [Check] = [
        Check(
            "endsUnderFastTimerWhileItFaultsHeadsIn", .interruptions,
            needs: [.root, .swap, .faultedHeads],
            claim:
                "under a 0.5 ms timer calls that have to swap in 100 heads end with 0, all cleared, and handlers run meanwhile"
        ) { scene in
            let swap = try SwapSpace()
            let file = try scene.file()
            let sharer = try SwappedHeads(scene, sharing: file, count: 100)
            let (peer, calling, word) = try caller(scene, sharing: file)
            let counts = try peer.beginTicks(of: calling, every: .microseconds(500))
            let (wanted, limit) = (10, 60)
            var (ticks, calls) = (0, 0)
            while ticks < wanted || calls < 3 {
                guard calls < limit else {
                    throw CheckError.broken("the timer expired \(ticks) times during \(calls) calls")
                }
                try sharer.enterWindow()
                try sharer.swapOut()
                let before = try peer.ticks(at: counts).count
                try scene.cleanup(by: calling, address: word)
                ticks += Int(try peer.ticks(at: counts).count - before)
                calls += 1
                try scene.expect(try sharer.leftCount(), 0, "operations left after call \(calls)")
            }
            scene.note("the handler ran \(ticks) times during \(calls) calls")
            withExtendedLifetime(swap) {}
        },

        Check(
            "leavesTheRestToLaterCallWhenKilledWhileItFaultsHeadsIn", .interruptions,
            needs: [.root, .swap, .faultedHeads],
            claim: "callers killed while they swap in heads end, and the next call clears what they have left"
        ) { scene in
            let swap = try SwapSpace()
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sharer = try SwappedHeads(scene, sharing: file, count: 32)
            for number in 0..<4 {
                try sharer.enterWindow()
                let (doomed, calling, word) = try caller(scene, sharing: file)
                try sharer.swapOut()
                calling.beginCleanup(address: word)
                try Deadline.poll(for: "a head to be swapped in, or the end of the call") {
                    try calling.isIdle || sharer.isMapped(number * 8)
                }
                try scene.expectKillable(doomed, "that swaps in heads")
                try sharer.expectEachClearedOrUntouched(scene, "a thread whose caller was killed")
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expect(try sharer.leftCount(), 0, "operations left after a later call")
            }
            withExtendedLifetime(swap) {}
        },
    ]
}

/// Threads in the race window whose heads lie each on a page of their own, which can be swapped out.
private final class SwappedHeads {
    private let peer: Peer
    private let pages: UInt
    private let word: UInt
    private let heads: [PlacedHead]

    init(_ scene: Scene, sharing file: borrowing MemoryFile, count: Int) throws {
        let peer = try scene.peer()
        word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let pages = try peer.map(anonymous: .private, length: count * pageSize)
        heads = try (0..<count).map {
            try PlacedHead(of: try peer.startTask(), at: pages + UInt($0 * pageSize) + 0x40)
        }
        (self.peer, self.pages) = (peer, pages)
        try enterWindow()
    }

    func enterWindow() throws {
        for head in heads { try head.enterWindow(at: word) }
    }

    /// No page is mapped on return: each has an entry of the swap space instead, from which it has to be found or read.
    func swapOut() throws {
        let pageOut: Int32 = 21  // MADV_PAGEOUT of <linux/mman.h>
        var processor = 0
        try Deadline.poll(for: "the pages of heads to be swapped out") {
            // A page that one processor has only just allocated is out of reach until that one is told to page out.
            try peer.run(onProcessor: processor)
            processor = (processor + 1) % sysconf(Int32(_SC_NPROCESSORS_ONLN))
            try peer.advise(pages, length: heads.count * pageSize, pageOut)
            return try heads.indices.allSatisfy { try !isMapped($0) }
        }
    }

    func isMapped(_ number: Int) throws -> Bool {
        try isPageMapped(pages + UInt(number * pageSize), in: peer.pid)
    }

    func leftCount() throws -> Int { try heads.count { try $0.pending() != 0 } }

    func expectEachClearedOrUntouched(_ scene: Scene, _ what: String) throws {
        let operation = PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset).rawValue
        for head in heads where try head.pending() != 0 { try scene.expect(head, operation, what) }
    }
}
