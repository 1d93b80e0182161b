// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// exec goes through the cleanup of exit. When a lock entry of its list lies on a page that userfaultfd holds back, it
// stays there with list_op_pending already read: a caller must wait, for as long as that takes, and nobody else must
// suffer from its waiting.
extension Check {
    static let inFlightExits: [Check] = [
        Check(
            "waitsForExecInItsCleanup", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "the call returns only after an exec that had read the pointer is through, and leaves that as it is"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let (_, calling, word) = try caller(scene, sharing: file)
            calling.beginCleanup(address: word)
            try scene.expectWaiting(calling, "for the exec")
            try exec.expectUntouched("while the call waits")
            try exec.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the exec")
            try exec.expectUntouched("after the call")
        },

        Check(
            "waitsForExecOfProcessSharingMemoryOfCaller", .inFlightExits, .privateSyscall,
            needs: [.root, .userfaultfd],
            claim:
                "with FUTEX2_PRIVATE it waits for a process that shares the caller's memory, and for no other"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let (_, stranger, word) = try caller(scene, sharing: file)
            try scene.expect(
                try stranger.cleanup(address: word, length: 4, flags: .privateOnly), 0,
                "cleanup_robust_list(2) with FUTEX2_PRIVATE of another process")
            let calling = try exec.peer.startTask()
            calling.beginCleanup(address: exec.word, flags: .privateOnly)
            try scene.expectWaiting(calling, "for the exec of a process that shares its memory")
            try exec.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the exec")
        },

        Check(
            "handlesSignalsWhileItWaits", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "a signal's handler runs while the call waits, which is then restarted: EINTR is never seen"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let (peer, calling, word) = try caller(scene, sharing: file)
            try peer.countSignal(SIGUSR1)
            calling.beginCleanup(address: word)
            try scene.expectWaiting(calling, "for the exec")
            for _ in 0..<3 {
                try scene.expectHandledWhileWaiting(SIGUSR1, by: calling, of: peer, "for the exec")
            }
            try exec.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after signals and the exec")
        },

        Check(
            "waitsAgainWhenFirstCallerWasKilled", .inFlightExits, needs: [.root, .userfaultfd],
            claim:
                "a caller that waits can be killed; the next one waits, too; neither touches the pointer"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let (doomed, first, word) = try caller(scene, sharing: file)
            first.beginCleanup(address: word)
            try scene.expectWaiting(first, "for the exec")
            try exec.expectUntouched("while the first caller waits")
            try scene.expectKillable(doomed, "that waits for the exec")
            let (_, second, there) = try caller(scene, sharing: file)
            second.beginCleanup(address: there)
            try scene.expectWaiting(second, "for the exec, like the one before it")
            try exec.letGo()
            try scene.expect(try second.endOfCall(), 0, "cleanup_robust_list(2) of the second caller")
            try exec.expectUntouched("after the second call")
        },

        Check(
            "keepsNobodysMemoryWhileItWaits", .inFlightExits, needs: [.root, .userfaultfd],
            claim: "other sharers that are killed while a caller waits have their memory freed at once"
        ) { scene in
            let file = try scene.file()
            let exec = try HeldExec(scene, sharing: file)
            let segment = try SysVSegment(length: 64 << 20)
            let sharers = try (0..<4).map { _ in
                let sharer = try scene.peer(inWindowOf: file, at: wordOffset).peer
                try segment.attach(to: sharer)
                return sharer
            }
            let (_, calling, word) = try caller(scene, sharing: file)
            calling.beginCleanup(address: word)
            try scene.expectWaiting(calling, "for the exec")
            for sharer in sharers { try sharer.killAndWait() }
            try scene.expectSoon("the memory of the killed sharers to be freed") {
                try segment.attachments() == 0
            }
            guard !calling.isIdle else {
                throw CheckError.broken("the call was over before the sharers were")
            }
            try exec.letGo()
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the exec")
        },
    ]

    /// A process with a task that is to make the call, and where it has the futex word.
    static func caller(
        _ scene: Scene, sharing file: borrowing MemoryFile
    ) throws -> (Peer, PeerTask, UInt) {
        let peer = try scene.peer()
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        return (peer, try peer.startTask(), word)
    }
}
