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
            try changeNothing(scene, "refused calls", then: "a correct call") { cell in
                for bit in 0..<32 where bit != CleanupFlags.privateOnly.rawValue.trailingZeroBitCount {
                    for companion in [CleanupFlags(), .privateOnly] {
                        let flags = CleanupFlags(rawValue: 1 << UInt32(bit)).union(companion)
                        try scene.expectRefusal(
                            .invalidArgument, address: cell.address, length: 4, flags: flags,
                            "flags 0x\(String(flags.rawValue, radix: 16))")
                    }
                }
            }
        },

        Check(
            "refusesRangeThatWrapsAround", .errors,
            claim: "a range that goes past the end of the address space gives EINVAL, and nothing is changed"
        ) { scene in
            try changeNothing(scene, "refused calls", then: "a correct call") { cell in
                try scene.expectRefusal(
                    .invalidArgument, address: cell.address, length: -1, "length of all ones")
                try scene.expectRefusal(
                    .invalidArgument, address: UInt.max - 3, length: 8, "8 bytes from the last word")
            }
        },

        Check(
            "changesNothingForEmptyRange", .errors,
            claim: "length 0 succeeds and changes nothing, at a mapped address and at an unmapped one"
        ) { scene in
            try changeNothing(scene, "empty ranges", then: "a range of one word") { cell in
                for flags in [CleanupFlags(), .privateOnly] {
                    try scene.cleanup(address: cell.address, length: 0, flags: flags)
                    try scene.cleanup(address: 0, length: 0, flags: flags)
                }
            }
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

    /// Makes calls that must not change the pending operation of a sibling on the word, and a correct call, which must: it
    /// shows that there was something to change.
    private static func changeNothing(
        _ scene: Scene, _ calls: String, then correct: String, _ body: (FutexCell) throws -> Void
    ) throws {
        let file = try scene.file()
        let own = try MemoryMapping(of: file, length: pageSize)
        let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
        let cell = own.cell(at: wordOffset)
        try body(cell)
        try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling after \(calls)")
        try scene.cleanup(cell)
        try scene.expectCleared(sibling.task, "the sibling after \(correct)")
    }
}
