// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Exits and execs that are waited for: those whose pointer points into the range, and those whose pointer tells nothing.
// Nobody else's may delay the call.
extension Check {
    static let judgedExits: [Check] = [
        Check(
            "waitsForThreadInItsExit", .inFlightExits, needs: [.root, .fuse],
            claim: "the call waits for a thread that exits and had read the pointer, and leaves that as it is"
        ) { scene in
            let file = try scene.file()
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let directory = try ScratchDirectory()
            let exit = try HeldExit(of: peer, on: word, in: directory)
            defer { exit.letGo() }
            let (_, calling, own) = try caller(scene, sharing: file)
            calling.beginCleanup(address: own)
            try scene.expectWaiting(calling, "for the thread that exits")
            try exit.expectUntouched("while the call waits")
            exit.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the exit")
            try exit.expectUntouched("after the call")
        },

        Check(
            "waitsForExecHeldInListOf32Bits", .inFlightExits, needs: [.root, .userfaultfd, .compat],
            claim: "the call waits for an exec that is in the list of a head of 32 bits, too"
        ) { scene in
            let file = try scene.file()
            try waits(
                scene, for: try HeldExec(scene, sharing: file, .compat), sharing: file,
                "the exec with a head of 32 bits")
        },

        Check(
            "waitsForExecWhoseWordIsNoLongerMapped", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "an exec is waited for when the word that its pointer points to was unmapped: it may know the page yet"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            // Another mapping of the memory, by which the process is found.
            _ = try exec.peer.map(file, length: pageSize)
            try exec.peer.unmap(exec.word - UInt(wordOffset), length: pageSize)
            try waits(scene, for: exec, sharing: file, "the exec whose word is not mapped")
        },

        Check(
            "waitsForExecWhoseHeadCannotBeRead", .inFlightExits, needs: [.root, .userfaultfd],
            claim: "an exec is waited for when its head was made inaccessible after the exec had read it"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            try exec.peer.protect(exec.headPage, length: pageSize, [])
            try waits(scene, for: exec, sharing: file, "the exec whose head cannot be read") {
                try exec.peer.protect(exec.headPage, length: pageSize, [.read, .write])
            }
        },

        Check(
            "waitsForExecWhoseFutexOffsetCannotBeRead", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "the same where list_op_pending can be read, and the page before it with futex_offset cannot"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file, headOffset: UInt(pageSize) - 16)
            try exec.peer.protect(exec.headPage, length: pageSize, [])
            try waits(scene, for: exec, sharing: file, "the exec whose futex_offset cannot be read") {
                try exec.peer.protect(exec.headPage, length: pageSize, [.read, .write])
            }
        },

        Check(
            "waitsForExecWhoseHeadIsMisaligned", .inFlightExits, needs: [.root, .userfaultfd],
            claim: "an exec with a head at a misaligned address, which exit reads all the same, is waited for"
        ) { scene in
            let file = try scene.file()
            try waits(
                scene, for: try HeldExec(scene, sharing: file, headOffset: 0x41), sharing: file,
                "the exec with a misaligned head")
        },

        Check(
            "isNotDelayedByExecWithoutOperation", .inFlightExits, needs: [.root, .userfaultfd],
            claim: "an exec that is held in its cleanup with list_op_pending NULL delays no call"
        ) { scene in
            try isNotDelayed(scene, by: "an exec without an operation") { _, _ in nil }
        },

        Check(
            "isNotDelayedByExecWithoutOperationWhoseOffsetCannotBeRead", .inFlightExits,
            needs: [.root, .userfaultfd],
            claim: "nor does one whose head cannot be read in front of a list_op_pending that is NULL"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file, headOffset: UInt(pageSize - 16)) { _, _ in nil }
            try exec.peer.protect(exec.headPage, length: pageSize, [])
            try returns(
                scene, despite: exec, sharing: file,
                "an exec without an operation whose offset cannot be read")
        },

        Check(
            "isNotDelayedByExecInProcessWithPrivateMapping", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "nor does one whose head cannot be read, in a process that has mapped the file privately or for reading only"
        ) { scene in
            for isPrivate in [true, false] {
                let file = try scene.file()
                let exec = try HeldExec(scene, sharing: try scene.file(), headOffset: 0x41)
                if isPrivate {
                    _ = try exec.peer.map(file, length: pageSize, sharing: .private)
                } else {
                    let readOnly = try MemoryFile(readOnly: file)
                    _ = try exec.peer.map(readOnly, length: pageSize, protection: .read)
                }
                try returns(
                    scene, despite: exec, sharing: file,
                    "an exec that has the file mapped \(isPrivate ? "privately" : "for reading only")")
            }
        },

        Check(
            "waitsForNoExecWithoutOperationAfterOneWith", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "a call that had to wait for one exec returns while another one, without an operation, is held"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let other = try HeldExec(scene, sharing: file) { _, _ in nil }
            let (_, calling, word) = try caller(scene, sharing: file)
            calling.beginCleanup(address: word)
            try scene.expectWaiting(calling, "for the exec with an operation")
            try exec.letGo()
            try scene.expectEndOfCallInTime(by: calling, despite: "an exec without an operation")
            try other.letGo()
        },

        Check(
            "isNotDelayedByExitOfProcessThatLeftTheMemory", .inFlightExits,
            needs: [.root, .userfaultfd, .fuse, .compat],
            claim:
                "nor does the exit, with a head that cannot be read, of a process that left the memory during the call"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let directory = try ScratchDirectory()
            let silent = try SilentFile(in: directory)
            defer { silent.end() }
            let sharer = try scene.peer()
            _ = try sharer.map(file, length: pageSize)
            let silentThere = try sharer.send(silent.file, mode: O_RDWR)
            let leaving = try LeavingTask(of: sharer)
            try leaving.keep(silentThere, as: Int(CTP_DESCRIPTOR_FILE))
            let (_, calling, word) = try caller(scene, sharing: file)
            calling.beginCleanup(address: word)
            try scene.expectWaiting(calling, "for the exec")
            // Among those whom the call has yet to visit, and in other memory by the time it comes to them.
            let left = try leaving.execute()
            let head = try PlacedHead(of: left, at: try mapPage(in: left) + 0x41, .compat)
            let entry = try mapPage(in: left, ofFile: true) + 64
            try head.set(next: entry, pending: 0, offset: PeerTask.defaultFutexOffset)
            left.begin(Int(CRF_32_EXIT), 0)
            try silent.awaitRead(inExitOf: left)
            try exec.letGo()
            try scene.expectEndOfCallInTime(
                by: calling, despite: "the exit of a process that left the memory")
            withExtendedLifetime(leaving) {}
        },

        Check(
            "isNotDelayedByExecWithOperationElsewhere", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "an exec that is held with an operation on other memory, or on another word of this, delays no call"
        ) { scene in
            let other = try scene.file()
            try isNotDelayed(scene, by: "an exec with an operation on the word 64 bytes behind") { $1 + 64 }
            try isNotDelayed(scene, by: "an exec with an operation in another file") { peer, _ in
                try peer.map(other, length: pageSize) + UInt(wordOffset)
            }
            try isNotDelayed(scene, by: "an exec with an operation in private memory") { peer, _ in
                try peer.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            }
        },

        Check(
            "isNotDelayedByExecWithOperationOutsidePrivateRange", .inFlightExits, .privateSyscall,
            needs: [.root, .userfaultfd],
            claim:
                "with FUTEX2_PRIVATE an exec that is held with an operation outside the range delays no call"
        ) { scene in
            for distance in [4, 64] as [UInt] {
                let file = try scene.file()
                let exec = try HeldExec(scene, sharing: file) { $1 + distance }
                let calling = try exec.peer.startTask()
                try scene.cleanupInTime(
                    by: calling, address: exec.word, flags: .privateOnly,
                    despite: "an exec with an operation \(distance) bytes behind the word")
                try exec.letGo()
            }
        },

        Check(
            "clearsOthersBeforeItWaits", .inFlightExits, needs: [.root, .fuse],
            claim:
                "while the call waits for one sharer, which is held in its exit, every other one has been cleared"
        ) { scene in
            let file = try scene.file()
            let directory = try ScratchDirectory()
            // In whatever order processes are visited, some of so many come after the one that is waited for: half of
            // them had mapped the memory before it did.
            let before = try (0..<6).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let exit = try HeldExit(of: peer, on: word, in: directory)
            defer { exit.letGo() }
            let after = try (0..<6).map { _ in try scene.peer(inWindowOf: file, at: wordOffset) }
            let beside = try peer.startTask()
            try beside.enterWindow(at: word)
            try clearsBeforeItWaits(
                scene, "the thread that exits", file: file, (before + after).map(\.task) + [beside]
            ) { exit.letGo() }
        },

        Check(
            "clearsOthersFoundByPassOverProcessesBeforeItWaits", .inFlightExits,
            needs: [.root, .userfaultfd],
            claim:
                "the same for sharers outside the thread groups of their memory, one of which is held in exec"
        ) { scene in
            let file = try scene.file()
            let before = try (0..<6).map { _ in
                try scene.peer(inWindowOf: file, at: wordOffset, kind: .vmProcess)
            }
            let exec = try HeldExec(scene, sharing: file)
            let after = try (0..<6).map { _ in
                try scene.peer(inWindowOf: file, at: wordOffset, kind: .vmProcess)
            }
            try clearsBeforeItWaits(scene, "the exec", file: file, (before + after).map(\.task)) {
                try exec.letGo()
            }
        },
    ]

    /// The call of another process waits for the exec, and returns once that is let go.
    private static func waits(
        _ scene: Scene, for exec: HeldExec, sharing file: borrowing MemoryFile, _ what: String,
        restore: () throws -> Void = {}
    ) throws {
        let (_, calling, word) = try caller(scene, sharing: file)
        calling.beginCleanup(address: word)
        try scene.expectWaiting(calling, "for \(what)")
        try restore()
        try exec.letGo()
        try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after \(what)")
        try exec.expectUntouched("after the call")
    }

    /// The call of another process returns while the exec is held.
    private static func returns(
        _ scene: Scene, despite exec: HeldExec, sharing file: borrowing MemoryFile, _ what: String
    ) throws {
        let (_, calling, word) = try caller(scene, sharing: file)
        try scene.cleanupInTime(by: calling, address: word, despite: what)
        try exec.letGo()
    }

    /// The call of another process returns while the exec is held, and a thread beside the exec has been cleared.
    private static func isNotDelayed(
        _ scene: Scene, by what: String, operationOn choose: (Peer, UInt) throws -> UInt?
    ) throws {
        let file = try scene.file()
        let exec = try HeldExec(scene, sharing: file, operationOn: choose)
        let beside = try exec.peer.startTask()
        try beside.enterWindow(at: exec.word)
        try clearsInTime(scene, file: file, beside, "the thread beside \(what)")
        try exec.expectUntouched("after the call")
        try exec.letGo()
    }

    private static func clearsBeforeItWaits(
        _ scene: Scene, _ what: String, file: borrowing MemoryFile, _ others: [PeerTask],
        letGo: () throws -> Void
    ) throws {
        let (_, calling, word) = try caller(scene, sharing: file)
        calling.beginCleanup(address: word)
        try scene.expectWaiting(calling, "for \(what)")
        for (index, task) in others.enumerated() {
            try scene.expectCleared(
                task, "sharer \(index + 1) of \(others.count) while the call waits for \(what)")
        }
        guard !calling.isIdle else { throw CheckError.broken("the call was over before \(what) was let go") }
        try letGo()
        try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after \(what)")
    }
}
