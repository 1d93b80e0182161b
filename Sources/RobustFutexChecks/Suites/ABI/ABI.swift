// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// The address of a futex word as it follows from list_op_pending and futex_offset. It has to be the one that exit
// calculates (futex_uaddr() and fetch_robust_entry() in kernel/futex/core.c).
extension Check {
    static let abi: [Check] = [
        Check(
            "followsAnyFutexOffset", .abi,
            claim: "the futex word is list_op_pending plus futex_offset modulo 2^64, whatever the two are"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let head = try PlacedHead(
                of: try peer.startTask(), at: try peer.map(anonymous: .private, length: pageSize))
            for offset in [0, 8, 1 << 40, -4096, .min, .max - 1, 1 - Int(bitPattern: word) &- 3] {
                try head.enterWindow(at: word, offset: offset)
                guard try head.pending() &+ UInt(bitPattern: offset) == word else {
                    throw CheckError.broken("futex_offset \(offset) does not lead to the word")
                }
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expectCleared(head, "the thread with futex_offset \(offset)")
            }
        },

        Check(
            "clearsLockEntryAtMultipleOf4GiB", .abi,
            claim: "an operation of a thread of the caller's whose lock entry has a lower half of 0 is one"
        ) { scene in
            let peer = try scene.peer()
            let word = try peer.map(try scene.file(), length: pageSize) + UInt(wordOffset)
            let head = try PlacedHead(
                of: try peer.startTask(), at: try peer.map(anonymous: .private, length: pageSize))
            try head.enterWindow(at: word, offset: Int(bitPattern: word &- (5 << 32)))
            guard try head.pending() == 5 << 32 else {
                throw CheckError.broken("the lock entry is not where it should be")
            }
            try scene.cleanup(by: try peer.startTask(), address: word)
            try scene.expectCleared(head, "the caller's thread")
        },

        Check(
            "leavesOperationWhoseLockEntryAloneIsInRange", .abi,
            claim: "an operation whose lock entry is in the range and whose futex word is not survives"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let base = try peer.map(file, length: pageSize)
            let control = try peer.startTask()
            try control.enterWindow(at: base + UInt(wordOffset), futexOffset: 64)
            let bystander = try peer.startTask()
            try bystander.enterWindow(at: base + UInt(wordOffset - 32))
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(control, "the thread whose futex word is in the range")
            try scene.expectUntouched(
                bystander, at: base + UInt(wordOffset - 32), "the thread whose lock entry is in the range")
        },

        Check(
            "leavesMisalignedFutexWord", .abi,
            claim: "an operation on a misaligned futex word, which exit ignores, survives"
        ) { scene in
            try leavesAlone(scene, "a misaligned futex word") { head, word in
                for distance in 1...3 {
                    let offset = PeerTask.defaultFutexOffset + distance
                    try head(word &- UInt(bitPattern: PeerTask.defaultFutexOffset), offset)
                }
            }
        },

        Check(
            "leavesNullWithModifierBits", .abi,
            claim:
                "a list_op_pending of modifier bits only is no operation, even if futex_offset is the word itself"
        ) { scene in
            try leavesAlone(scene, "NULL and the PI bit") { head, word in
                try head(1, Int(bitPattern: word))
            }
        },

        Check(
            "survivesPendingPointersAtEndsOfAddressSpace", .abi,
            claim:
                "pointers at the ends of the address space, and those that no mapping has, do no harm and survive"
        ) { scene in
            try leavesAlone(scene, "a pointer out of every mapping") { head, _ in
                let ends: [UInt] = [
                    2, 4, 0x7fff_ffff_f000, 0x7fff_ffff_fffc, 0x8000_0000_0000, 0x8000_0000_0000_0000,
                    0xffff_8000_0000_0000, .max - 4095, .max - 7, .max - 1,
                ]
                for end in ends {
                    for offset in [0, -32, 32, .min, .max - 1] { try head(end, offset) }
                }
            }
        },

        Check(
            "skipsMisalignedHead", .abi,
            claim: "a head at a misaligned address is not written to, and the others are cleared"
        ) { scene in
            for misalignment in [1, 4] {
                let file = try scene.file()
                let own = try MemoryMapping(of: file, length: pageSize)
                let control = try scene.peer(inWindowOf: file, at: wordOffset)
                let page = try control.peer.map(anonymous: .private, length: pageSize)
                let head = try PlacedHead(of: try control.peer.startTask(), at: page + UInt(misalignment))
                try head.enterWindow(at: control.word)
                let set = try head.pending()
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expectCleared(control.task, "the thread beside it")
                try scene.expect(head, set, "the thread whose head is off by \(misalignment)")
            }
        },

        Check(
            "skipsUnmappedHead", .abi,
            claim:
                "heads that are not mapped, wherever they are said to be, do no harm; the others are cleared"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let gone = try control.peer.map(anonymous: .private, length: pageSize)
            try control.peer.unmap(gone, length: pageSize)
            let task = try control.peer.startTask()
            let ends: [UInt] = [8, 0x7fff_ffff_fff8, 0xffff_8000_0000_0000, .max - 7, .max - 15]
            for address in [gone] + ends {
                _ = try PlacedHead(of: task, at: address)
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expectCleared(
                    control.task, "the thread beside one with a head at 0x\(String(address, radix: 16))")
                try control.task.finish()
                try control.task.enterWindow(at: control.word)
            }
        },
    ]

    /// A thread sets pairs of list_op_pending and futex_offset that point to no word of the range; after each the
    /// thread beside it is cleared, it itself is not.
    private static func leavesAlone(
        _ scene: Scene, _ what: String, pairs: ((UInt, Int) throws -> Void, UInt) throws -> Void
    ) throws {
        let file = try scene.file()
        let own = try MemoryMapping(of: file, length: pageSize)
        let control = try scene.peer(inWindowOf: file, at: wordOffset)
        let head = try PlacedHead(
            of: try control.peer.startTask(),
            at: try control.peer.map(anonymous: .private, length: pageSize))
        try pairs(
            { pending, offset in
                try control.task.confirmPending(at: control.word)
                try head.set(pending: pending, offset: offset)
                try scene.cleanup(own.cell(at: wordOffset))
                try scene.expectCleared(control.task, "the thread beside \(what)")
                try scene.expect(head, pending, "the thread with \(what), futex_offset \(offset)")
                try control.task.finish()
                try control.task.enterWindow(at: control.word)
            }, control.word)
    }
}
