// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// The wake that a cleared operation owes looks at the caller's own page of the word first, and sleeps when that is not
// there. Such a wait is the caller's own affair: only a fatal signal ends it.
extension Check {
    static let interruptedWakes: [Check] = [
        Check(
            "handlesSignalsAfterItWaitedForOwnPage", .interruptions, needs: [.root, .userfaultfd],
            claim:
                "a signal that comes while the call waits for a page of the caller's, to wake, is handled, and all is done"
        ) { scene in
            let wake = try OwedWake(scene)
            let (caller, calling, word) = try caller(scene, sharing: wake.file)
            try caller.countSignal(SIGUSR1)
            let call = try HeldCall(by: calling, on: word)
            try calling.send(SIGUSR1)
            try call.finish(scene)
            try scene.expect(try caller.countSignal(SIGUSR1), 1, "signals handled")
            try wake.expectDone(scene, "after the call")
        },

        Check(
            "keepsWakeOwedWhenKilledBeforeIt", .interruptions, needs: [.root, .userfaultfd],
            claim:
                "a caller killed while it waits for a page of its own, to wake, clears nothing; a later call wakes and clears"
        ) { scene in
            let wake = try OwedWake(scene)
            let (doomed, calling, word) = try caller(scene, sharing: wake.file)
            let call = try HeldCall(by: calling, on: word)
            try scene.expectKillable(doomed, "that waits for a page of its own")
            withExtendedLifetime(call) {}
            try scene.expectUntouched(wake.unlocker, at: wake.word, "the unlocker after a caller was killed")
            let (_, later, there) = try caller(scene, sharing: wake.file)
            try scene.cleanup(by: later, address: there)
            try wake.expectDone(scene, "after a later call")
        },

        Check(
            "keepsNoSharersMemoryWhileItWaitsForOwnPage", .interruptions,
            needs: [.root, .userfaultfd, .hugetlb, .faultedHeads],
            claim:
                "a sharer with its head in a huge page that is killed while the call waits for the caller's page has its memory freed at once"
        ) { scene in
            let reserve = try HugePages(reserving: 1)
            let heads = try MemoryFile(name: "head", length: HugePages.size, flags: crf_mfd_hugetlb)
            let file = try scene.file()
            let segment = try SysVSegment(length: pageSize)
            let sharer = try scene.peer()
            try segment.attach(to: sharer)
            let word = try sharer.map(file, length: pageSize) + UInt(wordOffset)
            let place = try sharer.map(heads, length: HugePages.size)
            try PlacedHead(of: try sharer.startTask(), at: place).enterWindow(at: word)
            let (_, calling, ownWord) = try caller(scene, sharing: file)
            let call = try HeldCall(by: calling, on: ownWord)
            try sharer.killAndWait()
            try scene.expectSoon("the memory of the killed sharer to be freed") {
                try segment.attachments() == 0
            }
            guard !calling.isIdle else { throw CheckError.broken("the call was over before the sharer was") }
            withExtendedLifetime(call) {}
            withExtendedLifetime(reserve) {}
        },
    ]
}

/// A thread that owes a waiter the wake, on a word whose page is no longer there: whoever looks at it makes a new one.
private struct OwedWake: ~Copyable {
    let file: MemoryFile
    let unlocker: PeerTask
    let word: UInt
    private let waiter: PeerTask

    init(_ scene: Scene) throws {
        let file = try scene.file()
        let peer = try scene.peer()
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let unlocker = try peer.startTask()
        let waiter = try peer.startTask()
        try Check.owe(unlocker, at: word, to: waiter, at: word)
        // The word is 0, as in a new page. The waiter is known by inode and offset, and goes on waiting.
        let punchHole: UInt = 0x2 | 0x1  // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE of <linux/falloc.h>
        try required(
            "hole in a memfd",
            crf_syscall6(
                crf_nr_fallocate, UInt(file.descriptor.rawValue), punchHole, 0, UInt(pageSize), 0, 0))
        self.file = file
        self.word = word
        self.unlocker = unlocker
        self.waiter = waiter
    }

    func expectDone(_ scene: Scene, _ when: String) throws {
        try scene.expectCleared(unlocker, "the unlocker \(when)")
        try scene.expect(try waiter.waitResult(), 0, "futex(2) of the waiter \(when)")
    }
}
