// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

extension Check {
    static let moreErrors: [Check] = [
        Check(
            "refusesHoleAtEitherEnd", .errors, needs: [.severalMappings],
            claim: "a range whose first or whose last page is not mapped gives ENOMEM, and nothing is changed"
        ) { scene in
            let file = try scene.file()
            let caller = try scene.peer()
            // Before there are holes, which what a new task needs could fill.
            let calling = try caller.startTask()
            let base = try caller.map(anonymous: .private, length: 3 * pageSize)
            try caller.map(file, at: base + UInt(pageSize), length: pageSize)
            for page in [0, 2] { try caller.unmap(base + UInt(page * pageSize), length: pageSize) }
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            for start in [0, 1] {
                try scene.expect(
                    try calling.cleanup(address: base + UInt(start * pageSize), length: 2 * pageSize),
                    -Int(Errno.noMemory.rawValue), "range with a hole at its \(start == 0 ? "start" : "end")")
            }
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after refused calls")
            try scene.cleanup(by: calling, address: base + UInt(pageSize), length: pageSize)
            try scene.expectCleared(sibling.task, "the sibling after a correct call")
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
            _ = try required(
                "F_ADD_SEALS",
                crf_syscall6(
                    crf_nr_fcntl, UInt(file.descriptor.rawValue), UInt(CRF_F_ADD_SEALS),
                    UInt(CRF_F_SEAL_FUTURE_WRITE), 0, 0, 0))
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

        Check(
            "throwsErrorOfSeccompFilter", .errors, needs: [.seccomp],
            claim:
                "what a seccomp filter answers, as a container's does, is thrown, and detected as its doing"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let address = own.cell(at: wordOffset).address
            for expected in [Errno.notPermitted, .noFunction] {
                // A filter stays with its thread.
                let (thrown, verdict) = try inNewThread { () throws -> (Errno?, SyscallDetection.Verdict) in
                    _ = try required("seccomp", ctp_filter_cleanup(expected.rawValue))
                    do throws(Errno) {
                        try cleanupRobustList(address: address, length: 4)
                        return (nil, SyscallDetection.looked().verdict)
                    } catch {
                        return (error, SyscallDetection.looked().verdict)
                    }
                }
                guard thrown == expected, verdict == .blocked(expected) else {
                    throw CheckError.failed(
                        "behind a filter that gives \(expected.name): expected that to be thrown and detected,"
                            + " observed \(thrown?.name ?? "success") and \(verdict.words)")
                }
            }
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after filtered calls")
        },
    ]
}
