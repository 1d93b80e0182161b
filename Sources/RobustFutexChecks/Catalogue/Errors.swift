// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// Calls that have to be refused, with nothing changed; afterwards a correct call shows that there was
// something to change.
extension Check {
    static let errors: [Check] = [
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
            "refusesRangeWithHole", .errors, needs: [.severalMappings],
            claim:
                "a range with an unmapped page in it gives ENOMEM, and nothing before or after the hole is changed"
        ) { scene in
            let file = try scene.file(pages: 3)
            let length = 3 * pageSize
            // The caller is a peer: in this process another thread might map something into the hole.
            let caller = try scene.peer()
            let base = try caller.map(file, length: length)
            let calling = try caller.startTask()
            let sibling = try scene.peer()
            let there = try sibling.map(file, length: length)
            let words = [0, 2].map { there + UInt($0 * pageSize + wordOffset) }
            let tasks = try words.map { word in
                let task = try sibling.startTask()
                try task.enterWindow(at: word)
                return task
            }
            try caller.unmap(base + UInt(pageSize), length: pageSize)
            try scene.expect(
                try calling.cleanup(address: base, length: length), -Int(Errno.noMemory.rawValue),
                "range with a hole")
            try scene.expectUntouched(tasks[0], at: words[0], "the task before the hole")
            try scene.expectUntouched(tasks[1], at: words[1], "the task after the hole")
            try scene.cleanup(by: calling, address: base, length: pageSize)
            try scene.expectCleared(tasks[0], "the task on the first page after a correct call")
        },

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
    ]
}
