// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Sharers that nobody has to trust. Each has a task in the window, which must be cleared or, where the contract exempts
// its head, must not delay the call; the caller is a process of its own, so that a call which hangs ends with it.
extension Check {
    static let hostileSharers: [Check] = [
        Check(
            "isNotDelayedByHeadArmedWithUserfaultfd", .hostileSharers, needs: [.root, .userfaultfd],
            claim: "a head on a page that is missing and armed with userfaultfd delays nobody"
        ) { scene in
            try isNotDelayedByMissingPage(scene, "a missing page of userfaultfd") { peer in
                try peer.map(anonymous: .private, length: pageSize)
            }
        },

        Check(
            "isNotDelayedByHeadInSharedMemoryArmedWithUserfaultfd", .hostileSharers,
            needs: [.root, .userfaultfd],
            claim: "the same in shared memory, whose pages may be faulted in when nobody is armed"
        ) { scene in
            try isNotDelayedByMissingPage(scene, "a missing page of shared memory under userfaultfd") {
                peer in
                try peer.map(try MemoryFile(name: "head", length: pageSize), length: pageSize)
            }
        },

        Check(
            "isNotDelayedByOwnHeadArmedWithUserfaultfd", .hostileSharers, .privateSyscall,
            needs: [.root, .userfaultfd],
            claim:
                "the same of a thread of the caller's process, where the call reads as any system call does, and must not sleep"
        ) { scene in
            let peer = try scene.peer()
            let page = try peer.map(anonymous: .private, length: pageSize)
            let faults = try UserFault(of: peer)
            try faults.holdMissing(page)
            _ = try PlacedHead(of: try peer.startTask(), at: page)
            let beside = try peer.startTask()
            let word = try peer.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            try beside.enterWindow(at: word)
            try scene.cleanupInTime(
                by: try peer.startTask(), address: word, flags: .privateOnly,
                despite: "a missing page of userfaultfd in its own process")
            try scene.expectCleared(beside, "the thread beside the one with the missing page")
            withExtendedLifetime(faults) {}
        },

        Check(
            "isNotDelayedByHeadOnSharedZeropage", .hostileSharers,
            claim:
                "a head on a private page that was read and never written, which has a page of everybody's, delays nobody"
        ) { scene in
            try isNotDelayed(scene, by: "a head on the shared zeropage") { peer, task, _ in
                let page = try peer.map(anonymous: .private, length: pageSize)
                // The kernel reads a path, which is empty.
                try scene.expect(try task.syscall(Int(SYS_access), page, 0), -Int(ENOENT), "access(2) of ''")
                return try PlacedHead(of: task, at: page)
            }
        },

        Check(
            "isNotDelayedByWriteProtectionOfUserfaultfd", .hostileSharers, needs: [.root, .userfaultfd],
            claim: "a head in the window on a page that userfaultfd protects from writing delays nobody"
        ) { scene in
            try isNotDelayed(scene, by: "a write-protected page of userfaultfd") { peer, task, word in
                let page = try peer.map(anonymous: .private, length: pageSize)
                let head = try PlacedHead(of: task, at: page)
                try head.enterWindow(at: word)
                let faults = try UserFault(of: peer)
                try faults.holdWrites(page)
                return (faults, task, page)
            } after: { faults, task, page in
                task.begin(Int(SYS_clock_gettime), 0, page)
                try faults.awaitEvent("who writes to the protected page to wait")
            }
        },

        Check(
            "isNotDelayedByHeadInSharedFileOfFUSE", .hostileSharers, needs: [.root, .fuse],
            claim: "a head in a shared mapping of a file whose server never answers delays nobody"
        ) { scene in
            try isNotDelayedByFUSE(scene, mapped: .shared)
        },

        Check(
            "isNotDelayedByHeadInPrivateMappingOfFUSE", .hostileSharers, needs: [.root, .fuse],
            claim:
                "a head in a private mapping, never touched, of a file whose server never answers delays nobody"
        ) { scene in
            try isNotDelayedByFUSE(scene, mapped: .private)
        },

        Check(
            "isNotDelayedByHeadUnderWritebackToFUSE", .hostileSharers, needs: [.root, .fuse],
            claim:
                "a head on a page that is being written back to a file, whose server does not answer, delays nobody"
        ) { scene in
            let directory = try ScratchDirectory()
            let slow = try SilentFile(in: directory, contents: .cached)
            defer { slow.letGo() }
            try isNotDelayed(scene, by: "a page under writeback to a file of FUSE") { peer, task, word in
                let page = try peer.map(slow.file, length: pageSize)
                let head = try PlacedHead(of: task, at: page)
                try head.enterWindow(at: word)
                slow.hold()
                let syncing = try peer.startTask(.vmProcess)
                syncing.begin(Int(SYS_msync), page, UInt(pageSize), UInt(MS_SYNC))
                try Deadline.poll(for: "the page to be written to the file of FUSE") { slow.writeCount > 0 }
                return syncing
            } after: { syncing in
                guard !syncing.isIdle else { throw CheckError.broken("the page was written back") }
            }
        },

        Check(
            "isNotDelayedByMemoryThatIsTornDown", .hostileSharers, needs: [.root, .userfaultfd, .fuse],
            claim:
                "a sharer that died during the call, and whose memory cannot go as the server of a file does not answer, delays nobody"
        ) { scene in
            let directory = try ScratchDirectory()
            let slow = try SilentFile(in: directory, contents: .cached)
            defer { slow.letGo() }
            let file = try scene.file()
            let first = try scene.peer()
            let head = try PlacedHead(
                of: try first.startTask(), at: try PlacedHead.memory(for: .native, in: first))
            try head.enterWindow(at: try first.map(file, length: pageSize) + UInt(wordOffset))
            // Behind the first in the order of mappings, in which the call goes through the processes.
            let doomed = try scene.peer()
            _ = try doomed.map(file, length: pageSize)
            try doomed.store(FutexWord(rawValue: 1), at: try doomed.map(slow.file, length: pageSize))
            let (_, calling, own) = try caller(scene, sharing: file)
            let call = try HeldCall(by: calling, on: own)
            slow.hold()
            try doomed.kill()
            try Deadline.poll(for: "the end of the mapping to write its page to the file of FUSE") {
                slow.writeCount > 0
            }
            try call.letGo()
            try scene.expectEndOfCallInTime(by: calling, despite: "memory that nobody uses anymore")
            try scene.expect(head, 0, "the head of the sharer that lives")
        },

        Check(
            "isNotDelayedBySixtyThousandMappings", .hostileSharers,
            claim: "a process that maps the page 60,000 times is visited once, and its thread is cleared"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try sibling.peer.map(file, length: pageSize, times: 60_000)
            let other = try scene.peer(inWindowOf: file, at: wordOffset)
            try clearsInTime(scene, file: file, sibling.task, "the process with 60,000 mappings")
            try scene.expectCleared(other.task, "the process with one mapping")
        },

        Check(
            "waitsForBusyMmapLockInterruptibly", .hostileSharers, needs: [.root, .fuse],
            claim: "a caller that waits for the mmap_lock of a sharer which waits for FUSE can be killed"
        ) { scene in
            try killsCallerWaitingForMmapLock(scene)
        },
    ]

    /// A sharer with a thread whose head `arrange` makes hard to reach, and one beside it that has to be cleared.
    private static func isNotDelayed<Kept>(
        _ scene: Scene, by what: String, arrange: (Peer, PeerTask, UInt) throws -> Kept,
        after: (Kept) throws -> Void = { _ in }
    ) throws {
        let file = try scene.file()
        let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
        let other = try scene.peer(inWindowOf: file, at: wordOffset)
        let kept = try arrange(sibling.peer, try sibling.peer.startTask(), sibling.word)
        try clearsInTime(scene, file: file, sibling.task, "the thread beside \(what)")
        try scene.expectCleared(other.task, "the thread of another process than \(what)")
        try withExtendedLifetime(kept) { try after(kept) }
    }

    /// A task of the sharer has its head on the page that `map` makes, which is missing and armed with userfaultfd.
    private static func isNotDelayedByMissingPage(
        _ scene: Scene, _ what: String, map: (Peer) throws -> UInt
    ) throws {
        try isNotDelayed(scene, by: what) { peer, task, _ in
            let page = try map(peer)
            let faults = try UserFault(of: peer)
            try faults.holdMissing(page)
            _ = try PlacedHead(of: task, at: page)
            return (faults, task, page)
        } after: { faults, task, page in
            task.begin(Int(SYS_access), page, 0)
            try faults.awaitEvent("who reads the missing page to wait")
        }
    }

    /// The page of the head has never been touched, and who touches it waits for ever.
    private static func isNotDelayedByFUSE(_ scene: Scene, mapped sharing: MemoryMapping.Sharing) throws {
        let directory = try ScratchDirectory()
        let silent = try SilentFile(in: directory)
        defer { silent.end() }
        try isNotDelayed(scene, by: "a \(sharing) mapping of a file of FUSE") { peer, task, _ in
            let page = try peer.map(silent.file, length: pageSize, sharing: sharing)
            _ = try PlacedHead(of: task, at: page)
            return (task, page)
        } after: { task, page in
            guard silent.readCount == 0 else {
                throw CheckError.failed("the call had a page read that its owner had never touched")
            }
            task.begin(Int(SYS_access), page, 0)
            try Deadline.poll(for: "a read of the file of FUSE") { silent.readCount == 1 }
        }
    }

    private static func killsCallerWaitingForMmapLock(_ scene: Scene) throws {
        let file = try scene.file()
        let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
        let directory = try ScratchDirectory()
        let lock = try HeldMmapLock(of: sibling.peer, in: directory)
        defer { lock.letGo() }
        let caller = try scene.peer()
        let word = try caller.map(file, length: pageSize) + UInt(wordOffset)
        let calling = try caller.startTask()
        try caller.countSignal(SIGUSR1)
        calling.beginCleanup(address: word)
        try scene.expectWaiting(calling, "for the mmap_lock of a sharer")
        try scene.expectHandledWhileWaiting(SIGUSR1, by: calling, of: caller, "for the mmap_lock of a sharer")
        try scene.expectKillable(caller, "that waits for the mmap_lock of a sharer")
    }
}
