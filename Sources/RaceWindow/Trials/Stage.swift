// SPDX-License-Identifier: MIT

import CRaceVictim
import RaceReport
import RobustFutex
import TestProcesses

/// The memory that the trials of one scenario share, and the destroyer where it is a process of its own.
final class Stage {
    let scenario: Scenario
    private let program: VictimProgram
    private let memory: LockMemory
    private let filter: WakeFilter?
    private let ending: Ending
    private let destroyerProcess: Destroyer?

    init(_ scenario: Scenario, programs: VictimPrograms) throws {
        let (unlocker, destroyer) = try programs.programs(for: scenario)
        self.scenario = scenario
        program = unlocker
        memory = try LockMemory(scenario.memory)
        filter =
            scenario.technique == .seccomp
            ? try WakeFilter(
                lockAt: LockMemory.unlockerAddress + UInt64(LockMemory.lockOffset),
                alignment: LockMemory.lockAlignment)
            : nil
        ending = try Ending(scenario.killer)
        destroyerProcess =
            scenario.memory == .remapped
            ? nil : try Destroyer(scenario, program: destroyer, memory: memory)
    }

    /// A new unlocker, which is held at the first boundary of its unlock.
    func begin() throws -> Trial {
        try memory.clear()
        let page = LockMemory.unlockerAddress
        let unlocker = try Victim(program, role: "the unlocker", memory: memory, filter: filter)
        guard unlocker.greeting.lockBytes <= Int(LockMemory.lockAlignment) else {
            throw CheckError.broken("a lock of \(unlocker.greeting.lockBytes) bytes is larger than expected")
        }
        let isShared = scenario.memory != .remapped
        if scenario.memory != .boost {
            try unlocker.orders.order(
                isShared ? CRV_MAP : CRV_MAP_PRIVATE, page, UInt64(LockMemory.length), returning: 0,
                "mapping the lock's memory")
        }
        try ending.prepare(unlocker)
        if !isShared, scenario.killer == .sigkill { try unlocker.startHelper() }
        let destroyer = destroyerProcess ?? Destroyer(scenario, secondThreadOf: unlocker)
        try destroyer.initializeLock()
        let lock = try lock(of: unlocker)
        try unlocker.orders.order(CRV_LOCK, lock, returning: 0, "pthread_mutex_lock")
        let view = try LockView(lockHeldBy: unlocker)
        if scenario.variant.isContended { try destroyer.beginWaiting(view) }
        let hold = try scenario.technique.hold(unlocker)
        return Trial(
            unlocker: unlocker, destroyer: destroyer, view: view, hold: hold, lock: lock,
            place: try hold.begin(unlocking: lock))
    }

    /// The lock's address in the unlocker's address space.
    private func lock(of unlocker: Victim) throws -> UInt64 {
        guard scenario.memory == .boost else {
            return LockMemory.unlockerAddress + UInt64(LockMemory.lockOffset)
        }
        let place = try unlocker.orders.order(CRV_OPEN_HEAP)
        guard place.value == 0 else {
            throw UnexpectedAnswer(
                what: "managed_shared_memory of \(unlocker.name)", value: place.value, expected: 0)
        }
        return place.values.0
    }

    /// Lets the unlock of a trial that has come to its end return, and the lock be destroyed.
    func finish(_ trial: Trial) throws {
        try trial.hold.letGo()
        try trial.unlocker.orders.expectAnswer(0, "pthread_mutex_unlock")
        try trial.destroyer.finish()
    }

    /// The state of the memory afterwards.
    struct Aftermath {
        var outcome: Boundary.Outcome
        /// The unexpected part of it; nil when there is none.
        var contradiction: String?
    }

    /// Destroys the lock and reuses its memory where that is possible, ends the unlocker where it stands, and looks.
    func strike(_ trial: Trial) throws -> Aftermath {
        let state = try trial.view.state()
        guard state.released else {
            try trial.destroyer.findLockHeld()
            try ending.end(trial.unlocker)
            try trial.destroyer.takeOverFromTheDead()
            return Aftermath(outcome: .held)
        }
        let wordOffset = Int(trial.view.word - trial.lock)
        let written = try trial.destroyer.destroyAndReuse(
            wordOffset: wordOffset, value: UInt32(trial.unlocker.pid))
        guard let written else {
            try ending.end(trial.unlocker)
            return Aftermath(outcome: .waits)
        }
        try ending.end(trial.unlocker)
        let found = try memory.contents(at: trial.destroyer.fileOffset, count: written.count)
        guard found != written else { return Aftermath(outcome: .intact) }
        return Aftermath(
            outcome: .corrupted,
            contradiction: Self.strangeDamage(written: written, found: found, wordOffset: wordOffset))
    }

    /// The exit cleanup writes FUTEX_OWNER_DIED over the word, and nothing else.
    private static func strangeDamage(written: [UInt8], found: [UInt8], wordOffset: Int) -> String? {
        var expected = written
        expected.withUnsafeMutableBytes {
            $0.storeBytes(of: FutexWord.ownerDied.rawValue, toByteOffset: wordOffset, as: UInt32.self)
        }
        guard found != expected else { return nil }
        let places = zip(written, found).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
        return "the bytes written to are not those of FUTEX_OWNER_DIED in the futex word: at \(places)"
    }
}

/// One unlocker on its way through its unlock.
struct Trial {
    let unlocker: Victim
    let destroyer: Destroyer
    let view: LockView
    let hold: any UnlockHold
    /// In the unlocker's address space.
    let lock: UInt64
    /// The place where it is stopped; nil once the unlock has returned.
    var place: StopPlace?

    mutating func advance() throws {
        place = try hold.advance()
    }
}
