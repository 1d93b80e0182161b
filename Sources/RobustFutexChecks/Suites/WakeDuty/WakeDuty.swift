// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// A thread in the window of a contended unlock has released the word and not yet woken the waiter. When its
// pointer is cleared, exit cleanup will not wake for it any more, so the call has to. That nobody is woken without need
// cannot be checked: spurious wakes are allowed.
extension Check {
    static let wakeDuty: [Check] = [
        Check(
            "wakesForEachClearedOperation", .wakeDuty,
            claim: "two operations on one lock that are cleared both owed a wake: two waiters wake up"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let pairs = try (0..<2).map { _ in (try peer.startTask(), try peer.startTask()) }
            for (unlocker, waiter) in pairs { try owe(unlocker, at: word, to: waiter, at: word) }
            try scene.cleanup(own.cell(at: wordOffset))
            for (index, (unlocker, waiter)) in pairs.enumerated() {
                try scene.expectCleared(unlocker, "unlocker \(index + 1)")
                try scene.expect(try waiter.waitResult(), 0, "futex(2) of waiter \(index + 1)")
            }
        },

        Check(
            "wakesWaiterInAnotherProcessWithPrivateFlag", .wakeDuty, .privateSyscall,
            claim: "with FUTEX2_PRIVATE the wake still reaches a waiter in another process: the key is shared"
        ) { scene in
            let file = try scene.file()
            let caller = try scene.peer()
            let word = try caller.map(file, length: pageSize) + UInt(wordOffset)
            let unlocker = try caller.startTask()
            let other = try scene.peer()
            let there = try other.map(file, length: pageSize) + UInt(wordOffset)
            let waiter = try other.startTask()
            try owe(unlocker, at: word, to: waiter, at: there)
            try scene.cleanup(
                by: try caller.startTask(), address: word, flags: .privateOnly)
            try scene.expectCleared(unlocker, "the unlocker")
            try scene.expect(try waiter.waitResult(), 0, "futex(2) of the waiter in another process")
        },

        Check(
            "doesNotWakeForPIFutex", .wakeDuty,
            claim:
                "for a cleared operation on a PI futex nobody is woken: exit hands those over in another way"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let base = try peer.map(file, length: pageSize)
            let words = [wordOffset, wordOffset + 64].map { base + UInt($0) }
            let waiters = try words.map { word in
                let waiter = try peer.startTask()
                let unlocker = try peer.startTask()
                try unlocker.lock(word, isPI: word == words[0])
                try waiter.beginWait(at: word)
                try unlocker.release()
                return waiter
            }
            try scene.cleanup(address: own.address, length: pageSize)
            // Once the other waiter is awake, every wake of the call has been given.
            try scene.expect(try waiters[1].waitResult(), 0, "futex(2) of the waiter on a plain futex")
            guard !waiters[0].isIdle else {
                throw CheckError.failed(
                    "the waiter on a word whose cleared operation had the PI bit was woken")
            }
        },

        Check(
            "wakesWaiterOf32BitUnlocker", .wakeDuty, needs: [.compat],
            claim: "an operation in a head of 32 bits owes a wake as any other does"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let peer = try scene.peer()
            let word = try peer.mapLow(file, length: pageSize) + UInt(wordOffset)
            let unlocker = try peer.startTask()
            let head = try PlacedHead(of: unlocker, at: try peer.mapLow(), .compat)
            let waiter = try peer.startTask()
            try unlocker.lock(word)
            try waiter.beginWait(at: word)
            try head.enterWindow(at: word)
            // Of the two heads only that of 32 bits is left with the operation.
            try unlocker.release()
            try unlocker.setPending(rawValue: 0, futexOffset: PeerTask.defaultFutexOffset)
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(head, "the head of 32 bits")
            try scene.expect(try waiter.waitResult(), 0, "futex(2) of the waiter")
        },

        Check(
            "leavesWhatItCannotWakeForToLaterCall", .wakeDuty, needs: [.root, .cgroupMemory],
            claim:
                "an operation whose wake fails for lack of memory stays, for a later call to do both; others are cleared"
        ) { scene in
            let file = try scene.file()
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let unlocker = try peer.startTask()
            let waiter = try peer.startTask()
            try owe(unlocker, at: word, to: waiter, at: word)
            // Visited thereafter, and owes no wake, as its lock is a PI futex.
            let next = try peer.startTask()
            try next.enterWindow(at: word + 64, isPI: true)

            let caller = try scene.peer()
            let calling = try caller.startTask()
            let there = try caller.mapWithoutPageTables(file)
            // Touches all the memory that a call needs before memory runs out.
            try scene.expect(try calling.cleanup(address: 0, length: 4), Int(-ENOMEM), "the call at NULL")
            let group = try ControlGroup(.memory)
            try group.add(caller.pid)
            try group.exhaustMemory(of: caller.pid)
            let call = "cleanup_robust_list(2) without memory for a wake"
            try scene.expect(
                try calling.cleanup(address: there, length: pageSize), Int(-ENOMEM), call)
            try scene.expectUntouched(unlocker, at: word, "the unlocker after \(call)")
            guard !waiter.isIdle else { throw CheckError.broken("the waiter woke during \(call)") }
            try scene.expectCleared(next, "the unlocker of a PI futex after \(call)")

            try group.unlimitMemory()
            try scene.cleanup(by: calling, address: there, length: pageSize)
            try scene.expectCleared(unlocker, "the unlocker after a later call")
            try scene.expect(try waiter.waitResult(), 0, "futex(2) of the waiter after a later call")
            try caller.killAndWait()
        },
    ]

    /// Puts `unlocker` in the window of a contended unlock, with `waiter` asleep.
    static func owe(
        _ unlocker: PeerTask, at word: UInt, to waiter: PeerTask, at waitersWord: UInt
    ) throws {
        try unlocker.lock(word)
        try waiter.beginWait(at: waitersWord)
        let before = try unlocker.release()
        guard before.hasWaiters, before.owner == unlocker.tid else {
            throw CheckError.broken("the unlock was not contended: the word was \(before)")
        }
        try unlocker.confirmPending(at: word)
    }
}
