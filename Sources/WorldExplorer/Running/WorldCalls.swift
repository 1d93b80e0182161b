// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Calls, and what must and may have become of the operations after them.
extension WorldRun {
    func make(_ calls: [Step.Call], besideKillOf victim: Int?) throws {
        var made: [(call: Step.Call, task: Int)] = []
        for call in calls {
            guard let task = task(call.task, notIn: victim), !made.contains(where: { $0.task == task })
            else { continue }
            let process = owner(of: task)
            var flags: CleanupFlags = call.isPrivate ? .privateOnly : []
            if call.unknownFlag { flags.insert(CleanupFlags(rawValue: 1 << 30)) }
            let start = call.wraps ? UInt.max - 8 : address(call.offset, in: process)
            tasks[task].beginCleanup(
                address: start, length: call.wraps ? max(call.length, 16) : call.length, flags: flags)
            made.append((call, task))
        }
        if let victim { try processes[victim].peer.kill() }
        var (surely, perhaps): (Set<ModelWorld.Head>, Set<ModelWorld.Head>) = ([], [])
        for (call, task) in made {
            let result = try tasks[task].endOfCall()
            var call = call
            if call.wraps { call.length = max(call.length, 16) }
            let errors = model.errors(of: call, by: task)
            try judge(result, errors, call)
            guard result == 0 else { continue }
            let (must, may) = model.designated(by: call, of: task)
            surely.formUnion(must)
            perhaps.formUnion(may)
        }
        if let victim { try settle(surely, perhaps, killed: victim) }
        try clear(surely, perhaps.subtracting(surely))
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
        _ surely: Set<ModelWorld.Head>, _ perhaps: Set<ModelWorld.Head>, killed victim: Int
    ) throws {
        let dying = surely.union(perhaps).filter { ends(owner(of: $0.task), with: victim) }
        let operations = dying.map { ($0, model[$0]!) }
        for (head, operation) in operations where surely.contains(head) {
            model[head] = nil
            guard let (file, byte) = model.place(operation.offset, in: model.tasks[head.task].space) else {
                continue
            }
            try write(model.tasks[head.task].tid, to: file, at: byte)
        }
        try kill(victim)
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
