// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// The word when the call finds that a wake is owed: the states of handle_futex_death() in
// kernel/futex/core.c.
extension Check {
    static let wordStates: [Check] = [
        Check(
            "wakesWaiterOfUnlockedWord", .wakeDuty,
            claim: "state A: the word is 0, the wake still owed; the call wakes the waiter"
        ) { scene in
            try wakes(scene, state: "A, unlocked") { _, _ in }
        },

        Check(
            "wakesWaiterWhenAnotherThreadTookTheLock", .wakeDuty,
            claim:
                "state B: another thread has taken the lock and does not know of waiters; the call wakes one"
        ) { scene in
            try wakes(scene, state: "B, taken without FUTEX_WAITERS") { peer, word in
                try peer.startTask().lock(word)
            }
        },

        Check(
            "wakesWaiterWhenNextOwnerDied", .wakeDuty,
            claim: "state D: the next owner died with the lock, nobody knows of waiters; the call wakes one"
        ) { scene in
            try wakes(scene, state: "D, owner died") { peer, word in
                let next = try peer.startTask()
                try next.lock(word)
                try next.exit()
                let state = try peer.word(at: word)
                guard state == .ownerDied else {
                    throw CheckError.broken("the next owner's death left \(state) in the word")
                }
            }
        },

        Check(
            "wakesWaiterOfWordReleasedWithWaitersBit", .wakeDuty,
            claim:
                "the word was released as FUTEX_WAITERS, which says that somebody waits; the call clears and wakes"
        ) { scene in
            // So a contended unlock would leave it whose next locker has to know of waiters.
            try wakes(scene, state: "released with FUTEX_WAITERS kept") { peer, word in
                try peer.store(FutexWord(rawValue: 0x8000_0000), at: word)
            }
        },
    ]

    /// A waiter sleeps, the unlocker owes it a wake, `change` brings the word to the state; then the call.
    private static func wakes(
        _ scene: Scene, state: String, change: (Peer, UInt) throws -> Void
    ) throws {
        let file = try scene.file()
        let own = try MemoryMapping(of: file, length: pageSize)
        let peer = try scene.peer()
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let unlocker = try peer.startTask()
        let waiter = try peer.startTask()
        try owe(unlocker, at: word, to: waiter, at: word)
        try change(peer, word)
        guard !waiter.isIdle else { throw CheckError.broken("the waiter woke before the call") }
        try scene.cleanup(own.cell(at: wordOffset))
        try scene.expectCleared(unlocker, "the unlocker in state \(state)")
        try scene.expect(try waiter.waitResult(), 0, "futex(2) of the waiter in state \(state)")
    }
}
