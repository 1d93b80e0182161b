// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Tasks whose heads are those of 32 bits, and destroyers of 32 bits.
extension Check {
    static let compat: [Check] = [
        Check(
            "clearsPendingOperationOf32BitProcess", .abi, needs: [.compat],
            claim:
                "a process of 32 bits loses its pending operation, beside one on another word that survives"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let (head, word) = try headOf32BitProcess(scene, sharing: file)
            try head.enterWindow(at: word)
            try scene.cleanup(own.cell(at: wordOffset + 64))
            try scene.expect(head, word + 32, "the 32-bit process after a call on another word")
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(head, "the 32-bit process")
        },

        Check(
            "clears32BitHeadOfOwnThreadWithoutPageTableEntry", .abi, needs: [.compat, .faultedHeads],
            claim: "a 32-bit head of the caller's own process is cleared where it has no page table entry"
        ) { scene in
            let file = try scene.file(pages: 2)
            let other = try MemoryMapping(of: file, length: 2 * pageSize)
            let peer = try scene.peer()
            let base = try peer.mapLow(length: 2 * pageSize)
            try peer.map(file, at: base, length: 2 * pageSize)
            let (word, page) = (base + UInt(wordOffset), base + UInt(pageSize))
            let head = try PlacedHead(of: try peer.startTask(), at: page, .compat)
            try head.enterWindow(at: word)
            try dropEntry(of: page, in: peer)
            try scene.cleanup(by: try peer.startTask(), address: word)
            try scene.expectCleared(head, "the thread with the 32-bit head")
            withExtendedLifetime(other) {}
        },

        Check(
            "keepsReusedWordFrom32BitProcess", .abi, needs: [.compat],
            claim:
                "a process of 32 bits that is killed in the window after the call leaves the reused word alone"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            for isCalled in [false, true] {
                let (head, word) = try headOf32BitProcess(scene, sharing: file)
                try head.enterWindow(at: word)
                let reused = FutexWord(owner: head.task.tid)
                if isCalled { try scene.cleanup(own.cell(at: wordOffset)) }
                own.cell(at: wordOffset).store(reused)
                try head.task.peer.killAndWait()
                try scene.expect(
                    own.cell(at: wordOffset).load(), isCalled ? reused : .ownerDied,
                    "the reused word \(isCalled ? "after" : "without") the call")
            }
        },

        Check(
            "wrapsFutexWordOf32BitProcessAround", .abi, needs: [.compat],
            claim:
                "in a process of 32 bits lock entry plus futex_offset wraps around at 4 GiB, as exit has it"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let (head, word) = try headOf32BitProcess(scene, sharing: file)
            for offset in [0x7fff_f000, 0x4000_0000, -0x7fff_f000, Int(Int32.min)] {
                try head.enterWindow(at: word, offset: offset)
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expectCleared(head, "the 32-bit process with futex_offset \(offset)")
            }
        },

        Check(
            "clearsFor32BitDestroyer", .abi, needs: [.compat],
            claim:
                "a process of 32 bits can make the call, with the number of its own table, for every sharer"
        ) { scene in
            let file = try scene.file()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let (head, word) = try headOf32BitProcess(scene, sharing: file)
            try head.enterWindow(at: word)
            let result = try head.task.syscall(crf_nr_cleanup_robust_list, word, 4, 0)
            try scene.expect(result, 0, "cleanup_robust_list(2) of the 32-bit process")
            try scene.expectCleared(sibling.task, "the 64-bit sibling")
            try scene.expectCleared(head, "the 32-bit process itself")
        },

        Check(
            "refuses32BitRangeBeyondFourGibibytes", .abi, needs: [.compat],
            claim: "for a caller of 32 bits a range past 4 GiB gives EINVAL, and nothing is changed"
        ) { scene in
            let file = try scene.file()
            let (head, word) = try headOf32BitProcess(scene, sharing: file)
            try head.enterWindow(at: word)
            for (address, length) in [
                (UInt(0xffff_f000), UInt(0x2000)), (word, 0xffff_ffff), (0xffff_ffff, 2),
            ] {
                try scene.expect(
                    try head.task.syscall(crf_nr_cleanup_robust_list, address, length, 0),
                    -Int(Errno.invalidArgument.rawValue),
                    "range of 0x\(String(length, radix: 16)) bytes at 0x\(String(address, radix: 16))")
            }
            try scene.expect(head, word + 32, "the 32-bit process after refused calls")
        },

        Check(
            "clearsBothHeadsOfThread", .abi, needs: [.compat],
            claim: "a thread that has registered a head of 64 and one of 32 bits loses the operations of both"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.mapLow(file, length: pageSize) + UInt(wordOffset)
            let task = try peer.startTask()
            try task.enterWindow(at: word)
            let head = try PlacedHead(of: task, at: try peer.mapLow(), .compat)
            try head.enterWindow(at: word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(task, "the head of 64 bits")
            try scene.expectCleared(head, "the head of 32 bits")
        },

        Check(
            "clears32BitHeadAndNothingBehindIt", .abi, needs: [.compat],
            claim: "of a head of 32 bits four bytes are cleared; those behind it, whatever they are, stay"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.mapLow(file, length: pageSize) + UInt(wordOffset)
            let head = try PlacedHead(of: try peer.startTask(), at: try peer.mapLow(), .compat)
            let behind = head.address + UInt(head.layout.size)
            for content in [0, 0x5a5a_5a5a] as [UInt32] {
                try head.enterWindow(at: word)
                try head.task.store(content, at: behind)
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expectCleared(head, "the head before a word \(content)")
                let observed = try head.task.load(UInt32.self, at: behind)
                try scene.expect(
                    FutexWord(rawValue: observed), FutexWord(rawValue: content), "the word behind the head")
            }
        },

        Check(
            "leaves32BitOperationOnLowerHalfOfAddress", .abi, needs: [.compat],
            claim: "a head of 32 bits points below 4 GiB, not one that has these lower bits"
        ) { scene in
            let caller = try scene.peer()
            let word = try caller.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            guard word >> 32 != 0 else { throw CheckError.broken("the word lies below 4 GiB") }
            let control = try caller.startTask()
            try control.enterWindow(at: word)
            let head = try PlacedHead(of: try caller.startTask(), at: try caller.mapLow(), .compat)
            try head.enterWindow(at: word)
            let set = try head.pending()
            try scene.cleanup(by: try caller.startTask(), address: word)
            try scene.expectCleared(control, "the thread with a head of 64 bits")
            try scene.expect(head, set, "the thread with a head of 32 bits")
        },

        Check(
            "clears32BitHeadAcrossPageBoundary", .abi, needs: [.compat],
            claim: "a head of 32 bits whose list_op_pending lies on the next page is cleared"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.mapLow(file, length: pageSize) + UInt(wordOffset)
            let pages = try peer.mapLow(length: 2 * pageSize)
            let head = try PlacedHead(of: try peer.startTask(), at: pages + UInt(pageSize - 8), .compat)
            try head.enterWindow(at: word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(head, "the thread whose 32-bit head lies across a page boundary")
        },

        Check(
            "clearsPendingOperationOfX32Head", .abi, needs: [.x32],
            claim: "a head that was registered by the x32 ABI, which has that of 32 bits, is cleared"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.mapLow(file, length: pageSize) + UInt(wordOffset)
            let head = try PlacedHead(of: try peer.startTask(), at: try peer.mapLow(), .x32)
            try head.enterWindow(at: word)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(head, "the thread with a head of the x32 ABI")
        },
    ]

    /// A process that runs code of 32 bits and has the file mapped; its head and the address of the futex word.
    static func headOf32BitProcess(
        _ scene: Scene, sharing file: borrowing MemoryFile
    ) throws -> (PlacedHead, UInt) {
        let task = try scene.peer().become32Bit(sharing: file)
        let page = try mapPage(in: task)
        let word = try mapPage(in: task, ofFile: true) + UInt(wordOffset)
        return (try PlacedHead(of: task, at: page, .compat), word)
    }
    /// A page in a task of 32 bits: private memory, or that of the file which it has under ``CTP_DESCRIPTOR_FILE``.
    static func mapPage(in task: PeerTask, ofFile: Bool = false) throws -> UInt {
        let address = try task.syscall(
            Int(CRF_32_MMAP2), 0, UInt(pageSize), UInt(PROT_READ | PROT_WRITE),
            UInt(ofFile ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS),
            ofFile ? UInt(CTP_DESCRIPTOR_FILE) : UInt(bitPattern: -1), 0)
        // Addresses in the upper half look negative.
        guard !(-4095..<0).contains(address) else {
            throw CheckError.broken("mmap2 of the 32-bit process: \(resultName(address))")
        }
        return UInt(UInt32(truncatingIfNeeded: address))
    }
}
