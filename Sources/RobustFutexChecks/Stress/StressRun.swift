// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// Worker processes that use and abuse robust locks, and this process, which destroys the locks one after another,
/// puts their memory to another use, and looks whether it stays as it was.
///
/// Without the call it finds the bug; with the call it must find nothing. For a process of one thread.
public struct StressRun {
    public struct Options: Sendable {
        public var processes = 4
        public var threads = 4
        public var locks = 16
        public var duration = Duration.seconds(10)
        /// Tells whether the destroyer calls cleanup_robust_list(2).
        public var calls = true
        /// Tells whether the first corruption ends the run.
        public var stopsAtFirst = false

        public init() {}
    }

    /// The counts so far.
    public struct Totals: Codable, Sendable {
        /// Robust unlocks completed by workers that were not killed meanwhile.
        public var unlocks: UInt64 = 0
        public var destroyed = 0
        public var killed = 0
        /// Locks whose memory was not what it had been made to be.
        public var corrupted = 0
        /// Words of memory of dead threads that were put to use again.
        public var reused: UInt64 = 0
        /// Of these, the ones that were changed though nobody had anything to change there.
        public var changed: UInt64 = 0
    }

    private let options: Options
    private let program: String
    private var totals = Totals()

    /// - Parameter program: the path of robust-list-check, which serves as worker.
    public init(_ options: Options, program: String) {
        self.options = options
        self.program = program
    }

    /// - Parameter report: is told what has happened, about once a second.
    /// - Throws: `CheckError`, above all when the call fails or a lock stays in use.
    public mutating func run(report: (Totals) -> Void) throws -> Totals {
        let arena = try StressArena(locks: options.locks)
        var processes: [StressProcess] = []
        defer { for process in processes { try? process.killAndReap() } }
        for index in 0..<options.processes {
            let worker = StressWorker(
                arena: arena.file.descriptor.rawValue, first: index * options.threads,
                threads: options.threads)
            processes.append(try StressProcess(worker, program: program))
        }

        // These two work on the arena alone and do not depend on the workers.
        let others = try (options.calls ? [StressWorker.Role.undertaker, .caller] : [.undertaker]).map {
            try StressProcess(
                StressWorker($0, arena: arena.file.descriptor.rawValue), program: program)
        }
        defer { for process in others { try? process.killAndReap() } }

        // The word that stands in the memory of each destroyed lock, oldest first.
        var reused: [(number: Int, word: FutexWord)] = []
        let end = Deadline(after: options.duration)
        var nextReport = Deadline(after: .seconds(1))
        while !end.hasPassed, !(options.stopsAtFirst && totals.corrupted + Int(totals.changed) > 0) {
            try replaceTheDead(&processes, arena)
            if reused.count > options.locks / 2 {
                inspect(reused.removeFirst(), arena)
            }
            let number = try destroyLock(notIn: reused.map(\.number), arena)
            let tid = arena.lastOwner(number)
            let word = FutexWord(owner: tid)
            arena.word(number).store(word)
            reused.append((number, word))
            if Int.random(in: 0..<4) == 0,
                let victim = processes.firstIndex(where: { arena.has(tid, $0.worker) })
            {
                try replace(victim, of: &processes, arena)
                totals.killed += 1
            }
            count(arena)
            if let ended = others.first(where: \.hasExited) {
                throw CheckError.failed(
                    "the \(ended.worker.role) of the stress: expected none of its calls to fail, observed its exit"
                )
            }
            if nextReport.hasPassed {
                report(totals)
                nextReport = Deadline(after: .seconds(1))
            }
        }
        for process in processes { try process.killAndReap() }
        processes = []
        for lock in reused { inspect(lock, arena) }
        count(arena)
        return totals
    }

    /// The counts of the workers.
    private mutating func count(_ arena: StressArena) {
        totals.unlocks = arena.operations
        totals.reused = arena.burial.reused
        totals.changed = arena.burial.changed
    }

    /// Locks, unlocks and destroys a lock that nobody begins to use any more; returns which.
    private mutating func destroyLock(notIn reused: [Int], _ arena: StressArena) throws -> Int {
        let number = (0..<options.locks).filter { !reused.contains($0) }.randomElement()!
        arena.close(number)
        let deadline = Deadline()
        while arena.isUsed(number) || !takeIfFree(arena.word(number)) {
            guard !deadline.hasPassed else {
                throw CheckError.timedOut("the users of lock \(number) to let it go")
            }
            sched_yield()
        }
        arena.word(number).store(.unlocked)
        if options.calls {
            let (address, length) = arena.memory(number)
            do {
                try cleanupRobustList(address: address, length: length)
            } catch {
                throw CheckError.failed("cleanup_robust_list(2): expected 0, observed \(error.name)")
            }
        }
        totals.destroyed += 1
        return number
    }

    /// The lock as its last user: free, or left by one that died with it.
    private func takeIfFree(_ cell: FutexCell) -> Bool {
        let seen = cell.load()
        guard seen.owner == 0 else { return false }
        return crf_compare_exchange32(
            UnsafeMutablePointer(bitPattern: cell.address)!, seen.rawValue, UInt32(bitPattern: getpid()))
            == seen.rawValue
    }

    private mutating func inspect(_ lock: (number: Int, word: FutexWord), _ arena: StressArena) {
        if arena.word(lock.number).load() != lock.word { totals.corrupted += 1 }
        arena.open(lock.number)
    }

    /// Workers end by themselves only when an exec of theirs fails half way.
    private func replaceTheDead(_ processes: inout [StressProcess], _ arena: StressArena) throws {
        for index in processes.indices where processes[index].hasExited {
            try replace(index, of: &processes, arena)
        }
    }

    private func replace(
        _ index: Int, of processes: inout [StressProcess], _ arena: StressArena
    ) throws {
        let worker = processes[index].worker
        try processes[index].killAndReap()
        arena.forget(worker)
        processes[index] = try StressProcess(worker, program: program)
    }
}
