// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Memory that the caller could not write to by any means, and memory that it merely may not write to now.
extension Check {
    static let writeProtection: [Check] = [
        Check(
            "refusesReadOnlyFile", .errors,
            claim: "a shared mapping of a file opened for reading only gives EACCES, and nothing is changed"
        ) { scene in
            let file = try scene.file()
            let readOnly = try MemoryFile(readOnly: file)
            let own = try MemoryMapping(of: file, length: pageSize)
            let unwritable = try MemoryMapping(of: readOnly, length: pageSize, protection: .read)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try scene.expectRefusal(
                .permissionDenied, address: unwritable.cell(at: wordOffset).address, length: 4,
                "mapping of a read-only descriptor")
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after a refused call")
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(sibling.task, "the sibling after a correct call")
        },

        Check(
            "acceptsWriteProtectedMappingOfWritableFile", .errors,
            claim:
                "a shared mapping that mprotect(2) could make writable is accepted though it is read-only now"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize, protection: .read)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(sibling.task, "the sibling")
        },

        Check(
            "changesNothingBeforePartThatIsRefused", .errors, needs: [.severalMappings],
            claim:
                "a range whose last part is a file opened for reading gives EACCES before its first is cleaned up"
        ) { scene in
            let file = try scene.file()
            let readOnly = try MemoryFile(readOnly: try scene.file())
            let caller = try scene.peer()
            // Three backing stores one after another: what follows the second is looked at before the first is, too.
            let base = try caller.map(anonymous: .private, length: 3 * pageSize)
            try caller.map(file, at: base, length: pageSize)
            try caller.map(readOnly, at: base + UInt(2 * pageSize), length: pageSize, protection: .read)
            let calling = try caller.startTask()
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try scene.expect(
                try calling.cleanup(address: base, length: 3 * pageSize),
                -Int(Errno.permissionDenied.rawValue), "range that ends in a read-only file")
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling on the first page")
            try scene.cleanup(by: calling, address: base, length: pageSize)
            try scene.expectCleared(sibling.task, "the sibling after a correct call")
        },

        Check(
            "refusesWriteSealedMemory", .errors,
            claim:
                "a shared mapping of a memfd that was sealed against writing gives EACCES, and nothing is changed"
        ) { scene in
            let file = try MemoryFile(name: "sealed", length: pageSize, flags: crf_mfd_allow_sealing)
            // Who has a writable mapping from before keeps it, as F_SEAL_FUTURE_WRITE promises.
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try file.seal(CRF_F_SEAL_FUTURE_WRITE)
            let sealed = try MemoryMapping(of: file, length: pageSize, protection: .read)
            try scene.expectRefusal(
                .permissionDenied, address: sealed.cell(at: wordOffset).address, length: 4,
                "mapping made after the seal")
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after a refused call")
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(
                sibling.task, "the sibling after a call through a mapping from before the seal")
        },

        Check(
            "acceptsReadOnlyFileWithPrivateFlag", .errors, .privateSyscall,
            claim:
                "with FUTEX2_PRIVATE a mapping of a file opened for reading is accepted: nobody else is concerned"
        ) { scene in
            let readOnly = try MemoryFile(readOnly: try scene.file())
            let caller = try scene.peer()
            let word = try caller.map(readOnly, length: pageSize, protection: .read) + UInt(wordOffset)
            let thread = try caller.startTask()
            let head = try PlacedHead(of: thread, at: try caller.map(anonymous: .private, length: pageSize))
            try head.enterWindow(at: word)
            try scene.cleanup(by: try caller.startTask(), address: word, flags: .privateOnly)
            try scene.expectCleared(head, "the caller's other thread")
        },
    ]
}
