// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Calls, and what must and may have become of the operations after them.
extension WorldRun {
    /// One or many tasks that end while calls are made.
    enum Victim {
        /// Killed, with all that ends with it.
        case process(Int)
        /// By exit(2), alone.
        case task(Int)
    }

    func make(_ calls: [Step.Call], besideEndOf victim: Victim?) throws {
        let made = try begin(calls, notEndingWith: victim)
        let wakes = model.possibleWakes(by: made)
        model.wake(wakes)
        switch victim {
        case .process(let process): try processes[process].peer.kill()
        case .task(let task): tasks[task].beginExit()
        case nil: break
        }
        var (surely, perhaps): (Set<ModelWorld.Head>, Set<ModelWorld.Head>) = ([], [])
        for (call, task) in made {
            let result = try tasks[task].endOfCall()
            try judge(result, model.errors(of: call, by: task), call)
            guard result == 0 else { continue }
            let (must, may) = model.designated(by: call, of: task)
            surely.formUnion(must)
            perhaps.formUnion(may)
        }
        if let victim { try settle(surely, perhaps, victim) }
        model.wake(wakes)
        try clear(surely, perhaps.subtracting(surely))
    }

    /// Lets something happen beside the calls, which can come before, in the middle of and after each of them: they must do
    /// what they must with the world as it was and as it is, and may do what they may with either.
    func make(_ calls: [Step.Call], beside: Step.Beside) throws {
        // Every other exit is still under way when the calls end, as kills are in `callsBesideKill`.
        if case .exit(let number) = beside, number % 2 == 0, let task = task(number) {
            return try make(calls, besideEndOf: .task(task))
        }
        let made = try begin(calls, notEndingWith: nil)
        calling = Set(made.map(\.task))
        let wakes = model.possibleWakes(by: made)
        model.wake(wakes)
        let before = model
        if isPossible(beside) { try carryOut(beside.step) }
        calling = []
        let after = model
        let ended = tasks.indices.filter { before.tasks[$0].isAlive && !after.tasks[$0].isAlive }
        // Whoever still wants to write into their heads does it now.
        for task in ended {
            let operation = before.tasks[task].placed ?? before.tasks[task].compat
            if let operation { try bury(task, operation) }
        }
        var (surely, perhaps): (Set<ModelWorld.Head>, Set<ModelWorld.Head>) = ([], [])
        for (call, task) in made {
            let result = try tasks[task].endOfCall()
            let (one, other) = (before.errors(of: call, by: task), after.errors(of: call, by: task))
            if result != 0 || !one.isEmpty && !other.isEmpty { try judge(result, one.union(other), call) }
            guard result == 0 else { continue }
            let (then, now) = (before.designated(by: call, of: task), after.designated(by: call, of: task))
            surely.formUnion(
                then.surely.intersection(now.surely).filter { before.hasWord(of: $0, whereItIsIn: after) })
            perhaps.formUnion(then.surely.union(then.perhaps).union(now.surely).union(now.perhaps))
        }
        for head in perhaps where ended.contains(head.task) { try acceptExit(of: head, before) }
        model.wake(wakes + after.possibleWakes(by: made))
        try clear(surely, perhaps.subtracting(surely))
    }

    /// A call cannot be waited for while its caller is halted, or when it has been ended.
    private func isPossible(_ beside: Step.Beside) -> Bool {
        switch beside {
        case .kill(let number):
            guard let victim = process(number, where: { _ in true }) else { return false }
            return !calling.contains { ends(owner(of: $0), with: victim) }
        case .exec(let number):
            // Processes that share the memory, and children, are ended as well, unless it is one of the former.
            guard let task = task(number) else { return false }
            return model.tasks[task].process < 0
                || !calling.contains { ends(owner(of: $0), with: owner(of: task)) }
        case .halt(let number, _):
            guard let process = process(number, where: \.hasRunningLeader) else {
                return false
            }
            return !calling.contains { owner(of: $0) == process }
        default: return true
        }
    }

    /// The exit may have found the operation, which the calls may end, or not: the word is as it was, or as the exit leaves
    /// it.
    private func acceptExit(of head: ModelWorld.Head, _ before: ModelWorld) throws {
        guard let operation = before[head] else { return }
        let space = before.tasks[head.task].space
        guard let word = before.word(at: operation.offset, in: space) else { return }
        if let (file, byte) = before.place(operation.offset, in: space) {
            if try files[file].word(at: byte) == word { model.files[file][byte / 4] = word }
            return
        }
        // Private memory that nobody has any more is nobody's.
        let process = owner(of: head.task)
        guard hasMemory(process) else { return }
        let found = try processes[process].memory.load(
            UInt32.self, at: address(operation.offset, in: process))
        if found == word { model.takeBack(at: operation.offset, in: space, from: before) }
    }

    private func begin(
        _ calls: [Step.Call], notEndingWith victim: Victim?
    ) throws -> [(call: Step.Call, task: Int)] {
        var made: [(call: Step.Call, task: Int)] = []
        for call in calls {
            guard let task = task(call.task, notEndingWith: victim),
                !made.contains(where: { $0.task == task })
            else { continue }
            let process = owner(of: task)
            var flags: CleanupFlags = call.isPrivate ? .privateOnly : []
            if call.unknownFlag { flags.insert(Self.unknownFlag(call.offset)) }
            var call = call
            if call.wraps { call.length = max(call.length, 16) }
            let start = call.wraps ? UInt.max - 8 : address(call.offset, in: process)
            tasks[task].beginCleanup(address: start, length: call.length, flags: flags)
            made.append((call, task))
        }
        return made
    }

    /// One of the flags that the call does not have, as the number says.
    private static func unknownFlag(_ number: Int) -> CleanupFlags {
        let unknown = (0..<32).map { CleanupFlags(rawValue: 1 << $0) }.filter { $0 != .privateOnly }
        return unknown[Int((number / 4).magnitude % UInt(unknown.count))]
    }

    func judge(_ result: Int, _ errors: Set<ModelWorld.CallError>, _ call: Step.Call) throws {
        let allowed = errors.map { error in
            switch error {
            case .invalid: -Int(EINVAL)
            case .hole: -Int(ENOMEM)
            case .access: -Int(EACCES)
            }
        }
        guard allowed.isEmpty ? result == 0 : allowed.contains(result) else {
            throw disagree(
                "\(call) returned \(resultName(result)), the model allows "
                    + (allowed.isEmpty ? "0" : allowed.map(resultName).joined(separator: " or ")))
        }
    }

    /// The memory belongs to the caller now: it puts something else there that the dying threads would take for their
    /// own, and none of them may touch it.
    func settle(
        _ surely: Set<ModelWorld.Head>, _ perhaps: Set<ModelWorld.Head>, _ victim: Victim
    ) throws {
        let dying = surely.union(perhaps).filter { ends($0.task, with: victim) }
        let operations = dying.map { ($0, model[$0]!) }
        let others = dying.subtracting(surely).compactMap { model.placeOfWord($0) }
        for (head, operation) in operations where surely.contains(head) {
            model[head] = nil
            let task = model.tasks[head.task]
            guard let (file, byte) = model.place(operation.offset, in: task.space),
                // Exits act on it all the same: as on that of a held lock, or of a head that is beyond the call.
                task.held.flatMap({ model.place($0.offset, in: task.space) }).map({ $0 == (file, byte) })
                    != true,
                !others.contains(where: { $0 == (file, byte) })
            else { continue }
            try write(task.tid, to: file, at: byte)
        }
        switch victim {
        case .process(let process): try kill(process)
        case .task(let task):
            try tasks[task].waitForExit()
            model.exit(task)
        }
        // A pointer in shared memory was cleared in time, or stays.
        for (head, operation) in operations {
            let hasGone = try isGone(head)
            model[head] = hasGone ? nil : operation
        }
    }

    func write(_ value: UInt32, to file: Int, at byte: Int) throws {
        try files[file].write(value, at: byte)
        model.files[file][byte / 4] = value
    }

    /// Tells whether the pointer of the head is NULL. Of a dead task it is known where the file has it; else it is not there.
    func isGone(_ head: ModelWorld.Head) throws -> Bool {
        let task = head.task
        if case .compat = head { return try heads.compatPending(task) == 0 }
        if model.tasks[task].isPlaced { return try heads.pending(task) == 0 }
        return try !model.tasks[task].isAlive || tasks[task].pendingRawValue() == 0
    }

    /// Holds what has become of the operations against what must and may have, and goes on from there.
    func clear(_ surely: Set<ModelWorld.Head>, _ perhaps: Set<ModelWorld.Head>) throws {
        for head in surely.union(perhaps).sorted() where model.tasks[head.task].isAlive {
            guard let operation = model[head] else { continue }
            if try isGone(head) {
                model[head] = nil
                if surely.contains(head), !operation.isPI {
                    try expectWake(at: operation.offset, seenBy: head.task)
                }
            } else if surely.contains(head) {
                throw disagree("\(head) still has its operation on \(operation.offset)")
            }
        }
    }

    /// A waiter, if there is one, has been woken.
    func expectWake(at offset: Int, seenBy task: Int) throws {
        let waiting = model.waiters(on: offset, in: model.tasks[task].space)
        guard !waiting.isEmpty, mayHaveMissedWake.isDisjoint(with: waiting) else { return }
        do {
            try Deadline.poll(for: "a waiter to be woken", within: .seconds(4) * Deadline.slowness) {
                waiting.contains { tasks[$0].isIdle }
            }
        } catch CheckError.timedOut {
            throw disagree("nobody woke one of the tasks \(waiting), which wait on \(offset) of task \(task)")
        }
        try noticeWokenTasks()
    }

    /// Tasks can be told something again once their wait is over, for whatever reason.
    func noticeWokenTasks() throws {
        for task in tasks.indices
        where model.tasks[task].isAlive && model.tasks[task].waitsOn != nil && tasks[task].isIdle {
            _ = try tasks[task].waitResult()
            model.tasks[task].waitsOn = nil
            mayHaveMissedWake.remove(task)
        }
    }
}

extension ModelWorld {
    /// The words of the callers' own address spaces on which the calls may wake somebody, whatever becomes of them.
    fileprivate func possibleWakes(by calls: [(call: Step.Call, task: Int)]) -> [(offset: Int, space: Int)] {
        calls.flatMap { call, task in
            let (surely, perhaps) = designated(by: call, of: task)
            return surely.union(perhaps).filter { tasks[$0.task].space == tasks[task].space }
                .compactMap { self[$0] }.filter { !$0.isPI }.map { ($0.offset, tasks[task].space) }
        }
    }

    fileprivate mutating func wake(_ words: [(offset: Int, space: Int)]) {
        for (offset, space) in words { wake(at: offset, in: space) }
    }
}
