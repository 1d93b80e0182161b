// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import Testing

struct MemoryTests {
    @Test func sharesStoresBetweenMappingsOfOneFile() throws {
        let file = try MemoryFile(name: "test", length: 8192)
        let whole = try MemoryMapping(of: file, length: 8192)
        let second = try MemoryMapping(of: file, offset: 4096, length: 4096)
        whole.cell(at: 4096 + 8).store(FutexWord(owner: 77))
        #expect(second.cell(at: 8).load() == FutexWord(owner: 77))
        #expect(try file.word(at: 4096 + 8) == 77)
    }

    @Test func keepsStoresToPrivateMappingFromTheFile() throws {
        let file = try MemoryFile(name: "test", length: 4096)
        let copy = try MemoryMapping(of: file, length: 4096, sharing: .private)
        copy.cell(at: 0).store(FutexWord(owner: 77))
        #expect(try file.word(at: 0) == 0)
    }

    @Test func refusesWritableSharedMappingOfReadOnlyFile() throws {
        let file = try MemoryFile(readOnly: try MemoryFile(name: "test", length: 4096))
        #expect(throws: Errno.permissionDenied) { _ = try MemoryMapping(of: file, length: 4096).address }
    }

    @Test func unmapsAtTheEndOfLife() throws {
        let address = try { try MemoryMapping(anonymous: .private, length: 4096).address }()
        var byte: UInt8 = 0
        #expect(crf_read_memory(getpid(), address, &byte, 1) == -Int(EFAULT))
    }

    @Test func returnsAtOnceFromWaitOnAnotherValue() throws {
        let page = try MemoryMapping(anonymous: .private, length: 4096)
        #expect(throws: Errno.resourceTemporarilyUnavailable) {
            try page.cell(at: 0).wait(while: FutexWord(owner: 1), milliseconds: 10_000)
        }
        #expect(throws: Errno.timedOut) { try page.cell(at: 0).wait(while: .unlocked, milliseconds: 1) }
    }
}

struct RobustListHeadTests {
    @Test func registersForItsThreadAndRestoresWhatWasThere() throws {
        let before = registered()
        let (during, address, pending) = try { () throws -> (UInt, UInt, PendingOperation?) in
            let head = try RobustListHead(futexOffset: -32)
            head.pending = PendingOperation(lockEntry: 0x4000, isPI: true)
            return (registered(), head.address, head.pending)
        }()
        #expect(during == address)
        #expect(pending == PendingOperation(lockEntry: 0x4000, isPI: true))
        #expect(registered() == before)
    }

    private func registered() -> UInt {
        var head: UInt = 0
        return crf_get_robust_list(0, &head) == 0 ? head : 0
    }
}
