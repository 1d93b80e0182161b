// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Calls that have to be refused, with nothing changed; afterwards a correct call shows that there was something to
// change. And calls that name nothing.
extension Check {
    static let arguments: [Check] = [
        Check(
            "refusesUnknownFlags", .errors,
            claim: "every flag but FUTEX2_PRIVATE gives EINVAL, alone and beside it, and nothing is changed"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let cell = own.cell(at: wordOffset)
            for bit in 0..<32 where bit != CleanupFlags.privateOnly.rawValue.trailingZeroBitCount {
                for companion in [CleanupFlags(), .privateOnly] {
                    let flags = CleanupFlags(rawValue: 1 << UInt32(bit)).union(companion)
                    try scene.expectRefusal(
                        .invalidArgument, address: cell.address, length: 4, flags: flags,
                        "flags 0x\(String(flags.rawValue, radix: 16))")
                }
            }
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after refused calls")
            try scene.cleanup(cell)
            try scene.expectCleared(sibling.task, "the sibling after a correct call")
        },

        Check(
            "refusesRangeThatWrapsAround", .errors,
            claim: "a range that goes past the end of the address space gives EINVAL, and nothing is changed"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let cell = own.cell(at: wordOffset)
            try scene.expectRefusal(
                .invalidArgument, address: cell.address, length: -1, "length of all ones")
            try scene.expectRefusal(
                .invalidArgument, address: UInt.max - 3, length: 8, "8 bytes from the last word")
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after refused calls")
            try scene.cleanup(cell)
            try scene.expectCleared(sibling.task, "the sibling after a correct call")
        },

        Check(
            "changesNothingForEmptyRange", .errors,
            claim: "length 0 succeeds and changes nothing, at a mapped address and at an unmapped one"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let cell = own.cell(at: wordOffset)
            for flags in [CleanupFlags(), .privateOnly] {
                try scene.cleanup(address: cell.address, length: 0, flags: flags)
                try scene.cleanup(address: 0, length: 0, flags: flags)
            }
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after empty ranges")
            try scene.cleanup(cell)
            try scene.expectCleared(sibling.task, "the sibling after a range of one word")
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
