// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Places where a robust list head can lie. The lock itself is always in a memfd that caller and sibling share.
extension Check {
    static let heads: [Check] = [
        Check(
            "clearsHeadThatIsSwappedOut", .heads, needs: [.root, .swap, .faultedHeads],
            claim: "a head on a page that is swapped out is cleared"
        ) { scene in
            let swap = try SwapSpace()
            try withHead(scene, "swapped out") { peer in
                try peer.map(anonymous: .private, length: pageSize)
            } before: { peer, page in
                try swapOut(page, of: peer)
            }
            withExtendedLifetime(swap) {}
        },

        Check(
            "clearsHeadInSwappedOutSharedMemory", .heads, needs: [.root, .swap, .faultedHeads],
            claim: "a head in shared memory whose page is swapped out is cleared"
        ) { scene in
            let swap = try SwapSpace()
            let file = try MemoryFile(name: "head", length: pageSize)
            try withHead(scene, "in shared memory, swapped out") { peer in
                try peer.map(file, length: pageSize)
            } before: { peer, page in
                try swapOut(page, of: peer)
            }
            withExtendedLifetime(swap) {}
        },

        Check(
            "clearsHeadOfPageOnlyAnotherProcessHasTouched", .heads, needs: [.faultedHeads],
            claim: "a head in shared memory is cleared where its process has no page table entry for it yet"
        ) { scene in
            let file = try MemoryFile(name: "head", length: pageSize)
            let own = try MemoryMapping(of: file, length: pageSize)
            try withHead(scene, "without a page table entry") { peer in
                try peer.map(file, length: pageSize)
            } before: { peer, page in
                try dropEntry(of: page, in: peer)
            }
            withExtendedLifetime(own) {}
        },

        Check(
            "clearsHeadInHugetlbPage", .heads, needs: [.root, .hugetlb, .faultedHeads],
            claim: "a head in a huge page of hugetlbfs is cleared"
        ) { scene in
            let reserve = try HugePages(reserving: 1)
            let file = try MemoryFile(name: "head", length: HugePages.size, flags: crf_mfd_hugetlb)
            try withHead(scene, "in a huge page", at: 3 * pageSize + 0x40) { peer in
                try peer.map(file, length: HugePages.size)
            }
            withExtendedLifetime(reserve) {}
        },

        Check(
            "clearsHeadInTransparentHugePage", .heads, needs: [.hugeShmem],
            claim: "a head in anonymous memory that is mapped by a transparent huge page is cleared"
        ) { scene in
            try withHead(scene, "in a transparent huge page", at: 5 * pageSize + 0x40) { peer in
                let base = try peer.map(anonymous: .private, length: 2 * HugePages.size)
                let aligned = HugePages.place(atOrAbove: base)
                try peer.advise(aligned, length: HugePages.size, MADV_HUGEPAGE)
                try peer.store(.unlocked, at: aligned)
                guard try MappingSizes.kibibytes("AnonHugePages", at: aligned, in: peer.pid) == 2048 else {
                    throw CheckError.broken("peer \(peer.pid) got no transparent huge page")
                }
                return aligned
            }
        },

        Check(
            "clearsHeadInHugePageMappedByParts", .heads, needs: [.root, .hugeShmem],
            claim:
                "a head in a huge page of shared memory is cleared where its process maps it at odd addresses"
        ) { scene in
            let policy = try HugeShmem("force")
            let file = try MemoryFile(name: "head", length: 2 * HugePages.size)
            let witness = try alignedMapping(of: file, in: try scene.peer())
            guard
                try MappingSizes.kibibytes("ShmemPmdMapped", at: witness.address, in: witness.peer.pid) ?? 0
                    > 0
            else { throw CheckError.broken("the file has no huge page") }
            try withHead(scene, "in a huge page at an odd address", at: 3 * pageSize + 0x40) { peer in
                let base = try peer.map(anonymous: .private, length: 3 * HugePages.size)
                let aligned = HugePages.place(atOrAbove: base)
                try peer.map(file, at: aligned + UInt(pageSize), length: HugePages.size)
                return aligned + UInt(pageSize)
            }
            withExtendedLifetime(policy) {}
        },

        Check(
            "makesNoPageForHeadThatNobodyWrote", .heads, needs: [.faultedHeads],
            claim: "a registered head in private memory that was never written costs its process no page"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let base = try control.peer.map(anonymous: .private, length: 2 * pageSize)
            // The page table is there.
            try control.peer.store(.unlocked, at: base)
            let page = base + UInt(pageSize)
            _ = try PlacedHead(of: try control.peer.startTask(), at: page)
            guard try !isPageMapped(page, in: control.peer.pid) else {
                throw CheckError.broken("the page of the head is mapped before the call")
            }
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(control.task, "the thread beside it")
            guard try !isPageMapped(page, in: control.peer.pid) else {
                throw CheckError.failed("the call made a page for the head")
            }
        },

        Check(
            "clearsHeadInPrivateMappingOfFile", .heads,
            claim:
                "a head in a private mapping of a file, as data sections are, is cleared; the file stays as it is"
        ) { scene in
            let file = try MemoryFile(name: "data", length: pageSize)
            try withHead(scene, "in a private mapping", at: 0x40) { peer in
                try peer.map(file, length: pageSize, sharing: .private)
            }
            guard try file.word(at: 0x40) == 0 else { throw CheckError.failed("the file was written to") }
        },

        Check(
            "clearsHeadInFileOfDisk", .heads, needs: [.root, .ext4],
            claim: "a head in a shared mapping of a file of ext4 is cleared, and read(2) shows it"
        ) { scene in
            try withExt4 { directory in
                let file = try MemoryFile(creating: directory.appending("head"), length: pageSize)
                try withHead(scene, "in a file", at: 0x40) { peer in try peer.map(file, length: pageSize) }
                guard try file.word(at: 0x50) == 0 else {
                    throw CheckError.failed("read(2) finds the pending operation that was cleared")
                }
            }
        },

        Check(
            "clearsHeadAcrossPageBoundary", .heads,
            claim: "a head whose list_op_pending lies on the page after its other members is cleared"
        ) { scene in
            try withHead(scene, "across a page boundary", at: pageSize - 16) { peer in
                try peer.map(anonymous: .private, length: 2 * pageSize)
            }
        },

        Check(
            "clearsHeadAcrossTwoMappings", .heads,
            claim: "so is one whose list_op_pending is the first word of another mapping"
        ) { scene in
            let file = try MemoryFile(name: "head", length: pageSize)
            try withHead(scene, "across two mappings", at: pageSize - 16) { peer in
                let base = try peer.map(anonymous: .private, length: 2 * pageSize)
                try peer.map(file, at: base + UInt(pageSize), length: pageSize)
                return base
            }
        },

        Check(
            "clearsHeadWhoseOtherMembersAreOnUnwrittenPage", .heads,
            claim: "so is one whose other members lie on a page that was only read, where they are 0"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let base = try peer.map(anonymous: .private, length: 2 * pageSize)
            // Maps the shared page of zeroes.
            try scene.expect(try peer.word(at: base), .unlocked, "a word that nobody has written")
            let head = try PlacedHead(of: try peer.startTask(), at: base + UInt(pageSize - 16))
            let operation = PendingOperation(futexWord: word, futexOffset: 0)
            try head.task.store(operation.rawValue, at: base + UInt(pageSize))
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(head, "the thread whose head is across a page that was only read")
        },

        Check(
            "clearsHeadBehindProtectionKey", .heads, needs: [.protectionKeys],
            claim:
                "a head that the calling thread may not access by its protection keys is cleared in its thread"
        ) { scene in
            try clearsHeadBehindProtectionKey(scene) { _ in }
        },

        Check(
            "clearsHeadBehindProtectionKeyThatIsToBeCopied", .heads,
            needs: [.protectionKeys, .faultedHeads],
            claim: "so is one whose page has to be copied first, as its process has forked"
        ) { scene in
            try clearsHeadBehindProtectionKey(scene) { caller in _ = try scene.fork(caller) }
        },

        Check(
            "leavesHeadThatItsOwnerCannotWrite", .heads,
            claim:
                "a head that its process has made read-only is never written to, and other sharers are cleared"
        ) { scene in
            try withUnreachableHead(scene, "read-only") { peer, head in
                try peer.protect(head.address, length: pageSize, .read)
            } after: { peer, head in
                try peer.protect(head.address, length: pageSize, [.read, .write])
            }
        },

        Check(
            "leavesHeadInSecretMemory", .heads, needs: [.secretMemory],
            claim: "a head in memfd_secret(2) memory is not reached, and other sharers are cleared"
        ) { scene in
            let secret = try MemoryFile(secret: pageSize)
            try leavesHead(scene, in: "secret memory") { try $0.map(secret, length: pageSize) }
        },

        Check(
            "leavesHeadInMapOfBPF", .heads, needs: [.root, .bpf],
            claim: "a head in a special mapping of single pages is not reached, and other sharers are cleared"
        ) { scene in
            try leavesHead(scene, in: "a map of BPF") { try $0.mapOwnMemory(try $0.open(CTP_BPF_ARRAY)) }
        },
    ]

    /// - Parameter prepare: done to the caller's process before the call.
    private static func clearsHeadBehindProtectionKey(
        _ scene: Scene, after prepare: (Peer) throws -> Void
    ) throws {
        let caller = try scene.peer()
        let word = try caller.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
        let page = try caller.map(anonymous: .private, length: pageSize)
        let owner = try caller.startTask()
        // The thread that allocates a key may use it, no other one.
        let key = try required("pkey_alloc", owner.syscall(crf_nr_pkey_alloc, 0, 0))
        let head = try PlacedHead(of: owner, at: page)
        try head.enterWindow(at: word)
        _ = try required(
            "pkey_mprotect",
            owner.syscall(
                crf_nr_pkey_mprotect, page, UInt(pageSize), UInt(PROT_READ | PROT_WRITE), UInt(key)))
        let calling = try caller.startTask()
        guard try calling.syscall(Int(SYS_access), page, 0) == -Int(EFAULT) else {
            throw CheckError.broken("the calling thread may access what the key protects")
        }
        try prepare(caller)
        try scene.cleanup(by: calling, address: word)
        try scene.expectCleared(head, "the thread whose head is behind a protection key")
    }
}
