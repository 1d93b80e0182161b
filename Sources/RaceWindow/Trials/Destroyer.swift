// SPDX-License-Identifier: MIT

import CRaceVictim
import Glibc
import RaceReport
import RobustFutex
import TestProcesses

/// The thread that takes the lock after the unlocker, destroys it, and uses its memory for something else.
///
/// It only does what it may: it locks, unlocks and destroys, and each of these calls must return 0.
final class Destroyer {
    private let scenario: Scenario
    private let channel: OrderChannel
    private let process: Victim
    private let page: UInt64
    private let lockBytes: Int
    /// The lock's address in the destroyer's address space.
    private var lock: UInt64
    /// Of the lock in the file that it is in.
    private(set) var fileOffset = LockMemory.lockOffset
    /// A process of its own, rather than another thread of the unlocker's.
    private var outlivesUnlocker: Bool { scenario.memory != .remapped }

    /// A process of its own, which maps the memory at another address.
    init(_ scenario: Scenario, program: VictimProgram, memory: borrowing LockMemory) throws {
        self.scenario = scenario
        process = try Victim(program, role: "the destroyer", memory: memory)
        channel = process.orders
        page = LockMemory.destroyerAddress
        lock = page + UInt64(LockMemory.lockOffset)
        lockBytes = process.greeting.lockBytes
        // A heap is mapped where it is made.
        guard scenario.memory != .boost else { return }
        try channel.order(
            CRV_MAP, page, UInt64(LockMemory.length), returning: 0, "mapping the lock's memory")
    }

    /// The second thread of the unlocker's process.
    init(_ scenario: Scenario, secondThreadOf unlocker: Victim) {
        self.scenario = scenario
        process = unlocker
        channel = unlocker.helper
        page = LockMemory.unlockerAddress
        lock = page + UInt64(LockMemory.lockOffset)
        lockBytes = unlocker.greeting.lockBytes
    }

    func initializeLock() throws {
        guard scenario.memory != .boost else {
            let place = try channel.order(CRV_CREATE_HEAP)
            guard place.value == 0 else {
                throw UnexpectedAnswer(
                    what: "managed_shared_memory of \(channel.name)", value: place.value, expected: 0)
            }
            (lock, fileOffset) = (place.values.0, Int(place.values.1))
            return
        }
        let kind: UInt32
        switch scenario.variant {
        case .plain, .contended: kind = 0
        case .priorityInheritance, .priorityInheritanceContended: kind = CRV_MUTEX_PI.rawValue
        case .recursive: kind = CRV_MUTEX_RECURSIVE.rawValue
        case .errorChecking: kind = CRV_MUTEX_ERRORCHECK.rawValue
        case .recursiveNotRobust: kind = CRV_MUTEX_RECURSIVE.rawValue | CRV_MUTEX_NOT_ROBUST.rawValue
        case .errorCheckingNotRobust: kind = CRV_MUTEX_ERRORCHECK.rawValue | CRV_MUTEX_NOT_ROBUST.rawValue
        }
        try channel.order(CRV_INIT, lock, UInt64(kind), returning: 0, "pthread_mutex_init")
    }

    /// Begins to wait for the lock, and sleeps when this returns.
    func beginWaiting(_ view: LockView) throws {
        try channel.send(CRV_LOCK, [lock])
        try Deadline.poll(for: "\(channel.name) to sleep in pthread_mutex_lock") {
            try view.state().word.hasWaiters && ProcessState.letter(of: process.pid, in: process.pid) == "S"
        }
    }

    /// The lock is still the unlocker's: it cannot be had, and so not be destroyed.
    func findLockHeld() throws {
        guard !scenario.variant.isContended else {
            guard !channel.hasAnswer else {
                throw CheckError.broken("\(channel.name) got a lock that is held")
            }
            return
        }
        try channel.order(CRV_TRYLOCK, lock, returning: EBUSY, "pthread_mutex_trylock")
    }

    /// Locks, unlocks, destroys unless it is to be seen that unmapping is enough, makes the call if that is what it does, and writes the memory's new contents.
    ///
    /// - Parameters:
    ///   - wordOffset: of the futex word in the lock.
    ///   - value: the word of the new contents there.
    /// - Returns: the new contents of what was the lock; nil when `pthread_mutex_destroy` waits for the unlock to end.
    func destroyAndReuse(wordOffset: Int, value: UInt32) throws -> [UInt8]? {
        try lockAndUnlock(lockReturns: 0)
        if scenario.destroyer != .preloadUnmap {
            guard try destroyReturns() else { return nil }
        }
        if scenario.destroyer == .cleanup {
            // Memory that is about to leave this address space only, or that is to serve something else.
            let flags = scenario.memory == .remapped ? CleanupFlags.privateOnly.rawValue : 0
            try channel.order(
                CRV_CLEANUP, lock, UInt64(lockBytes), UInt64(flags), returning: 0, "cleanup_robust_list")
        }
        if scenario.memory == .remapped {
            try channel.order(
                CRV_REMAP, page, UInt64(LockMemory.length), returning: 0, "unmapping and mapping a file")
        }
        try channel.order(
            CRV_REUSE, lock, UInt64(lockBytes), lock + UInt64(wordOffset), UInt64(value), returning: 0,
            "reusing the memory")
        var contents = [UInt8](repeating: UInt8(CRV_REUSE_BYTE), count: lockBytes)
        contents.withUnsafeMutableBytes {
            $0.storeBytes(of: value, toByteOffset: wordOffset, as: UInt32.self)
        }
        return contents
    }

    /// The unlocker died with the lock, and the kernel said so to its next owner; that is no race.
    func takeOverFromTheDead() throws {
        guard outlivesUnlocker else { return }
        guard scenario.variant.isRobust else {
            // Nobody can ever have it again.
            return try channel.order(CRV_TRYLOCK, lock, returning: EBUSY, "pthread_mutex_trylock")
        }
        guard scenario.memory != .boost else {
            // Boost lets nobody have such a lock again.
            return try channel.order(CRV_LOCK, lock, returning: EOWNERDEAD, "interprocess_mutex::lock")
        }
        try lockAndUnlock(lockReturns: EOWNERDEAD)
        try destroy()
    }

    /// Finishes after an unlock that nothing happened to.
    func finish() throws {
        try lockAndUnlock(lockReturns: 0)
        try destroy()
    }

    private func lockAndUnlock(lockReturns expected: Int32) throws {
        if scenario.variant.isContended {
            // The wake may be what is being held back: a signal makes the waiter look at the word again. A PI
            // waiter needs none, the kernel has made it the owner.
            if !scenario.variant.isPriorityInheritance { try process.handle.send(SIGUSR1) }
            try channel.expectAnswer(expected, "pthread_mutex_lock, begun before the unlock,")
        } else {
            try channel.order(CRV_LOCK, lock, returning: expected, "pthread_mutex_lock")
        }
        if expected == EOWNERDEAD {
            try channel.order(CRV_CONSISTENT, lock, returning: 0, "pthread_mutex_consistent")
        }
        try channel.order(CRV_UNLOCK, lock, returning: 0, "pthread_mutex_unlock")
    }

    private func destroy() throws {
        try channel.order(CRV_DESTROY, lock, returning: 0, "pthread_mutex_destroy")
    }

    /// Tells whether pthread_mutex_destroy(3) comes back, or sleeps: musl has it wait for unlocks of its own process
    /// (`__vm_wait()`), which is how it keeps clear of the race within one process.
    private func destroyReturns() throws -> Bool {
        guard !outlivesUnlocker else {
            try destroy()
            return true
        }
        try channel.send(CRV_DESTROY, [lock])
        try Deadline.poll(for: "pthread_mutex_destroy of \(channel.name) to return, or to sleep") {
            channel.hasAnswer || ProcessState.letter(of: process.helperThread, in: process.pid) == "S"
        }
        guard channel.hasAnswer else { return false }
        try channel.expectAnswer(0, "pthread_mutex_destroy")
        return true
    }
}
