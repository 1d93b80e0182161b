// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import RobustFutex
import Testing

struct FutexWordTests {
    @Test(
        arguments: [
            (0, 0, false, false), (0x4000_0000, 0, false, true), (0x8000_0000, 0, true, false),
            (1234, 1234, false, false), (0x8000_04d2, 1234, true, false),
            (0xffff_ffff, 0x3fff_ffff, true, true),
        ] as [(UInt32, Int32, Bool, Bool)])
    func readsOwnerAndBits(raw: UInt32, owner: Int32, hasWaiters: Bool, isOwnerDead: Bool) {
        let word = FutexWord(rawValue: raw)
        #expect(word.owner == owner)
        #expect(word.hasWaiters == hasWaiters)
        #expect(word.isOwnerDead == isOwnerDead)
    }

    @Test func composesWordOfOwner() {
        #expect(FutexWord(owner: 1234).rawValue == 1234)
        #expect(FutexWord(owner: 1234, hasWaiters: true).rawValue == 0x8000_04d2)
        #expect(FutexWord.ownerDied.rawValue == 0x4000_0000)
    }

    @Test func keepsOwnerInsideItsBits() {
        #expect(FutexWord(owner: -1).rawValue == 0x3fff_ffff)
    }

    @Test func clearsOneBitAndKeepsTheRest() {
        var word = FutexWord(rawValue: 0xc000_04d2)
        word.hasWaiters = false
        #expect(word.rawValue == 0x4000_04d2)
        word.isOwnerDead = false
        #expect(word.rawValue == 1234)
    }

    @Test func saysWhatItIsInMessages() {
        #expect(
            "\(FutexWord(rawValue: 0xc000_0000))" == "0xc0000000 (no owner, FUTEX_WAITERS, FUTEX_OWNER_DIED)")
        #expect("\(FutexWord(owner: 16))" == "0x10 (owner 16)")
    }
}

struct PendingOperationTests {
    @Test(arguments: [(0x1000, 0x1000, false), (0x1001, 0x1000, true), (3, 2, true)] as [(UInt, UInt, Bool)])
    func decodesAndEncodesPIBit(raw: UInt, entry: UInt, isPI: Bool) throws {
        let pending = try #require(PendingOperation(rawValue: raw))
        #expect(pending.lockEntry == entry)
        #expect(pending.isPI == isPI)
        #expect(pending.rawValue == raw)
    }

    @Test(arguments: [0, 1] as [UInt])
    func isNoOperationWithoutLockEntry(raw: UInt) {
        #expect(PendingOperation(rawValue: raw) == nil)
    }

    @Test func dropsModifierBitOfEntryAddress() {
        #expect(PendingOperation(lockEntry: 0x1001).rawValue == 0x1000)
    }

    @Test(arguments: [(-32, 0x7000_01a0), (-20, 0x7000_0194), (0, 0x7000_0180), (8, 0x7000_0178)])
    func findsFutexWordThatItWasMadeFor(offset: Int, entry: UInt) {
        let pending = PendingOperation(futexWord: 0x7000_0180, futexOffset: offset, isPI: true)
        #expect(pending.lockEntry == entry)
        #expect(pending.futexWord(futexOffset: offset) == 0x7000_0180)
    }

    @Test func wrapsAroundAtTheEndOfTheAddressSpace() {
        #expect(PendingOperation(lockEntry: .max - 1).futexWord(futexOffset: 4) == 2)
        #expect(PendingOperation(lockEntry: 0x10).futexWord(futexOffset: -0x20) == UInt.max - 0xf)
    }

    @Test func wrapsAroundAtFourGigabytesInCompatTasks() {
        #expect(PendingOperation(lockEntry: 0xffff_fff0).compatFutexWord(futexOffset: 0x20) == 0x10)
        #expect(PendingOperation(lockEntry: 0x10).compatFutexWord(futexOffset: -0x20) == 0xffff_fff0)
    }
}

struct LayoutTests {
    /// The other side of the assertions in crf_layout.h: what Swift makes of the same structs.
    @Test func headsHaveTheKernelsSizes() {
        #expect(MemoryLayout<crf_robust_list_head>.size == 24)
        #expect(MemoryLayout<crf_robust_list_head>.offset(of: \.futex_offset) == 8)
        #expect(MemoryLayout<crf_robust_list_head>.offset(of: \.list_op_pending) == 16)
        #expect(MemoryLayout<crf_compat_robust_list_head>.size == 12)
        #expect(MemoryLayout<ctp_task>.stride == 128)
    }
}
