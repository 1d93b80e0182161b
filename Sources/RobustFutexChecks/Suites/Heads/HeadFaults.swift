// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// The page faults that a call handles for heads which are not resident: how they end, and who pays for them.
extension Check {
    static let headFaults: [Check] = [
        Check(
            "holdsNoMmapLockWhileHeadIsReadFromSwap", .heads,
            needs: [.root, .swap, .fuse, .cgroupMemory, .faultedHeads],
            claim:
                "while the page of a head is read from a slow device its process can map memory; then the head is cleared"
        ) { scene in
            try withHeadReadFromSwap(scene) { peer, head, calling, slow in
                // For that the lock has to be free.
                _ = try peer.map(anonymous: .private, length: pageSize)
                guard !calling.isIdle else {
                    throw CheckError.broken("the call was over before the read was")
                }
                slow.letGo()
                try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the read")
                try scene.expectCleared(head, "the thread whose head comes late from swap space")
            }
        },

        Check(
            "canBeKilledWhileHeadIsReadFromSwap", .heads,
            needs: [.root, .swap, .fuse, .cgroupMemory, .faultedHeads],
            claim:
                "a caller that is killed while the page of a head is read from a slow device ends before the page has come"
        ) { scene in
            try withHeadReadFromSwap(scene) { _, _, calling, _ in
                try scene.expectKillable(calling.peer, "that waits for a page from swap space")
            }
        },

        Check(
            "endsWhenProcessDiesWhileItsHeadIsReadFromSwap", .heads,
            needs: [.root, .swap, .fuse, .cgroupMemory, .faultedHeads],
            claim:
                "a call ends that has the mmap_lock of a process which died while the first page of its head was read"
        ) { scene in
            let first = try scene.file()
            let second = try scene.file()
            var elsewhere: UInt = 0
            try withHeadReadFromSwap(scene, at: UInt(pageSize) - 16) { peer in
                // Nobody can map anything while the call waits for a page of shared memory.
                elsewhere = try peer.map(anonymous: .private, length: pageSize)
                let pages = try peer.map(anonymous: .private, length: 2 * pageSize)
                try peer.map(first, at: pages, length: pageSize)
                try peer.map(second, at: pages + UInt(pageSize), length: pageSize)
                return pages
            } body: { peer, head, calling, slow in
                // With its list elsewhere its exit does not need the pages. The call has the last reference.
                let other = try PlacedHead(of: head.task, at: elsewhere)
                try other.set(pending: 0, offset: PeerTask.defaultFutexOffset)
                try peer.killAndWait()
                slow.letGo()
                try scene.expectEndOfCallInTime(by: calling, despite: "a process that died meanwhile")
            }
        },

        Check(
            "staysClearedWhenPageIsSwappedOutAgain", .heads, needs: [.root, .swap, .faultedHeads, .compat],
            claim: "a head that was swapped out and cleared is still NULL when it was swapped out once more"
        ) { scene in
            let swap = try SwapSpace()
            let file = try scene.file()
            let peer = try scene.peer()
            let word = try peer.mapLow(file, length: pageSize) + UInt(wordOffset)
            for layout in [PlacedHead.Layout.native, .compat] {
                let page = try peer.mapLow()
                let head = try PlacedHead(of: try peer.startTask(), at: page + 0x40, layout)
                try head.enterWindow(at: word)
                try swapOut(page, of: peer)
                let (_, calling, own) = try caller(scene, sharing: file)
                try scene.cleanup(by: calling, address: own)
                try swapOut(page, of: peer)
                try scene.expectCleared(head, "the thread whose \(layout) head was swapped out again")
            }
            withExtendedLifetime(swap) {}
        },

        Check(
            "leavesHeadBehindEndOfFile", .heads, needs: [.faultedHeads],
            claim: "a head in shared memory that was cut off is not reached, and other sharers are cleared"
        ) { scene in
            let memory = try MemoryFile(name: "head", length: 2 * pageSize)
            let file = try scene.file()
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let page = try control.peer.map(memory, length: 2 * pageSize) + UInt(pageSize)
            let head = try PlacedHead(of: try control.peer.startTask(), at: page)
            try head.enterWindow(at: control.word)
            try memory.descriptor.resize(to: Int64(pageSize))
            let (_, calling, own) = try caller(scene, sharing: file)
            try scene.cleanupInTime(by: calling, address: own, despite: "a head behind the end of its file")
            try scene.expectCleared(control.task, "the thread beside it")
        },

        Check(
            "copiesNoPageThatItOnlyReads", .heads, needs: [.faultedHeads],
            claim:
                "a registered head in a private mapping of shared memory, without an operation, costs its process no copy"
        ) { scene in
            let memory = try MemoryFile(name: "head", length: pageSize)
            let file = try scene.file()
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let page = try control.peer.map(memory, length: pageSize, sharing: .private)
            _ = try PlacedHead(of: try control.peer.startTask(), at: page)
            let (_, calling, own) = try caller(scene, sharing: file)
            try scene.cleanup(by: calling, address: own)
            try scene.expectCleared(control.task, "the thread beside it")
            guard let copied = try MappingSizes.kibibytes("Anonymous", at: page, in: control.peer.pid) else {
                throw CheckError.broken("smaps does not tell how much of the mapping was copied")
            }
            guard copied == 0 else { throw CheckError.failed("the call copied \(copied) KiB of the mapping") }
        },

        Check(
            "chargesPageTablesToProcessOfHead", .heads, needs: [.root, .cgroupMemory, .faultedHeads],
            claim:
                "page tables for heads are charged to the control group of their process; then the caller pays for its own"
        ) { scene in
            let count = 24
            let memory = try MemoryFile(name: "head", length: count * HugePages.size)
            let file = try scene.file()
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let callers = try ControlGroup(.memory)
            let sharers = try ControlGroup(.memory)
            try sharers.add(control.peer.pid)
            let start = HugePages.place(
                atOrAbove: try control.peer.map(anonymous: .private, length: (count + 1) * HugePages.size))
            try control.peer.map(memory, at: start, length: count * HugePages.size)
            for number in 0..<count {
                // A page table each, which nobody has needed yet.
                let head = start + UInt(number * HugePages.size)
                _ = try PlacedHead(of: try control.peer.startTask(), at: head)
            }
            let (peer, calling, own) = try caller(scene, sharing: file)
            try callers.add(peer.pid)
            let tables = count * pageSize
            func pageTables() throws -> [Int] {
                try callers.settled { [try callers.pageTables(), try sharers.pageTables()] }
            }
            let before = try pageTables()
            try scene.cleanup(by: calling, address: own)
            try scene.expectCleared(control.task, "the thread with an ordinary head")
            let after = try pageTables()
            try expectCharge("the call", of: tables, before, after, payer: 1)
            // Page tables that the caller needs from now on are charged to the caller itself.
            let area = try peer.map(anonymous: .private, length: count * HugePages.size)
            for number in 0..<count {
                let result = try calling.syscall(
                    Int(SYS_clock_gettime), 0, area + UInt(number * HugePages.size))
                try scene.expect(result, 0, "clock_gettime(2)")
            }
            try expectCharge("new memory of the caller", of: tables, after, try pageTables(), payer: 0)
        },
    ]

    /// A thread of a sharer is in the window; `body` comes while a call reads the page of `list_op_pending` from swap space,
    /// which is a file of FUSE.
    ///
    /// - Parameters:
    ///   - offset: of the head in the memory that `place` gives. Every page that it lies on is in swap space.
    private static func withHeadReadFromSwap(
        _ scene: Scene, at offset: UInt = 0x40,
        place: (Peer) throws -> UInt = { try $0.map(anonymous: .private, length: pageSize) },
        body: (Peer, PlacedHead, PeerTask, SilentFile) throws -> Void
    ) throws {
        let directory = try ScratchDirectory()
        let slow = try SilentFile(in: directory, contents: .uncached)
        let swap = try SwapSpace(in: slow.file, pages: SilentFile.length / pageSize)
        defer { slow.letGo() }
        let file = try scene.file()
        let peer = try scene.peer()
        // Its stack must not be what is taken from the group.
        let task = try peer.startTask()
        // The memory of the process is charged to the group from here on.
        let group = try ControlGroup(.memory)
        try group.add(peer.pid)
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let head = try PlacedHead(of: task, at: try place(peer) + offset)
        try head.enterWindow(at: word)
        let pages = Set([0, head.layout.pendingOffset].map { (head.address + $0) & ~UInt(pageSize - 1) })
        for page in pages { try swapOut(page, of: peer) }
        try Deadline.poll(for: "the pages of the head to be nowhere but in swap space") {
            group.reclaimPage()
            return try countedPages("nr_swapcached") == 0
        }
        let (_, calling, own) = try caller(scene, sharing: file)
        let before = slow.readCount
        slow.hold()
        calling.beginCleanup(address: own)
        try Deadline.poll(for: "the page of the head to be read from swap space") { slow.readCount > before }
        try body(peer, head, calling, slow)
        slow.letGo()
        // Swapped in: the end of the swap space must not wait for it.
        for page in pages where !peer.process.hasExited { _ = try peer.word(at: page) }
        withExtendedLifetime(swap) {}
    }

    /// Of the caller's group and the sharer's, which `payer` chooses among, one is charged about that many bytes more.
    private static func expectCharge(
        _ what: String, of bytes: Int, _ before: [Int], _ after: [Int], payer: Int
    ) throws {
        let charged = zip(before, after).map { $1 - $0 }
        guard charged[payer] < bytes || charged[1 - payer] >= bytes / 2 else { return }
        throw CheckError.failed(
            "page tables for \(what), \(bytes) bytes: the caller's group was charged \(charged[0]) bytes, the other one \(charged[1])"
        )
    }
}
