// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Ranges that end where the address space does.
extension Check {
    static let ends: [Check] = [
        Check(
            "takesRangeThatEndsAtTopOfAddressSpace", .errors, needs: [.severalMappings],
            claim:
                "a range up to 2^64 does not wrap: ENOMEM as there is no mapping, 0 with FUTEX2_PRIVATE; one byte more: EINVAL"
        ) { scene in
            let caller = try scene.peer()
            let word = try caller.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            let control = try caller.startTask()
            try control.enterWindow(at: word)
            try expectAnswersAtTop(scene, of: 0, word: word) { address, length, flags in
                try caller.tasks[0].cleanup(address: address, length: Int(bitPattern: length), flags: flags)
            } untouched: {
                try scene.expectUntouched(control, at: word, "the thread of the caller after refused calls")
            }
            try scene.expectCleared(control, "the thread of the caller after a call up to the top")
        },

        Check(
            "takes32BitRangeThatEndsAtTopOfAddressSpace", .errors, needs: [.compat, .severalMappings],
            claim:
                "for a caller of 32 bits a range up to 2^32 does not wrap: the same answers as for one of 64 bits"
        ) { scene in
            let file = try scene.file()
            let (head, word) = try headOf32BitProcess(scene, sharing: file)
            try head.enterWindow(at: word)
            let pending = try head.pending()
            try expectAnswersAtTop(scene, of: 1 << 32, word: word) { address, length, flags in
                try head.task.syscall(crf_nr_cleanup_robust_list, address, length, UInt(flags.rawValue))
            } untouched: {
                try scene.expect(head, pending, "the 32-bit process after refused calls")
            }
            try scene.expectCleared(head, "the 32-bit process after a call up to the top")
        },
    ]

    /// - Parameters:
    ///   - top: the end of the address space, modulo 2^64.
    ///   - word: of the caller's memory, with an operation pending on it.
    private static func expectAnswersAtTop(
        _ scene: Scene, of top: UInt, word: UInt, call: (UInt, UInt, CleanupFlags) throws -> Int,
        untouched: () throws -> Void
    ) throws {
        let hole = -Int(Errno.noMemory.rawValue)
        let invalid = -Int(Errno.invalidArgument.rawValue)
        for length in [4, UInt(pageSize)] {
            let start = top &- length
            let what = "the last \(length) bytes of the address space"
            try scene.expect(try call(start, length, []), hole, what)
            try scene.expect(try call(start, length, .privateOnly), 0, "\(what) with FUTEX2_PRIVATE")
            for flags in [CleanupFlags(), .privateOnly] {
                try scene.expect(try call(start, length + 1, flags), invalid, "\(what) and one byte more")
                try scene.expect(try call(start, 0, flags), 0, "no byte at the start of \(what)")
            }
        }
        try scene.expect(try call(word, top &- word, []), hole, "all from the word to the top")
        try scene.expect(try call(word, top &- word + 1, .privateOnly), invalid, "the same and one byte more")
        try untouched()
        try scene.expect(
            try call(word, top &- word, .privateOnly), 0, "all from the word to the top, FUTEX2_PRIVATE")
    }
}
