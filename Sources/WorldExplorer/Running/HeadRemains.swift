// SPDX-License-Identifier: MIT

import CRobustFutex
import TestProcesses

/// A robust list head in private memory whose task is gone, or is the parent's: no call may write to it.
struct HeadRemains {
    var address: UInt
    /// The contents that it has; one of these until somebody has looked, as a call beside its end may have come first.
    var allowed: [crf_robust_list_head]
    /// For messages.
    var name: String
}

extension WorldRun {
    /// A child has copies of its parent's heads. Calls beside the fork may have cleared them before, or after.
    func inheritHeads(from parent: Int) {
        let space = processes[parent].space
        var remains = processes[parent].remains
        for task in tasks.indices where model.tasks[task].isAlive && model.tasks[task].space == space {
            remains.append(
                HeadRemains(
                    address: tasks[task].headAddress, allowed: headsAtEnd(of: task, unsure: !calling.isEmpty),
                    name: "the copy of the head of task \(task)"))
        }
        processes[processes.count - 1].remains = remains
    }

    /// A new thread of a child can get the stack of one that only the parent has.
    func forgetInheritedHeads(_ process: Int) {
        if processes[process].parent != nil { processes[process].remains = [] }
    }

    private func headsAtEnd(of task: Int, unsure: Bool) -> [crf_robust_list_head] {
        var cleared = ownHeads[task]
        cleared.list_op_pending = 0
        return unsure ? [ownHeads[task], cleared] : [ownHeads[task]]
    }

    /// Looks at the heads of tasks that have gone, as long as their memory is there, and at the copies that children have.
    func verifyRemains() throws {
        for task in tasks.indices where !model.tasks[task].isAlive && buried.insert(task).inserted {
            processes[owner(of: task)].remains.append(
                HeadRemains(
                    address: tasks[task].headAddress, allowed: headsAtEnd(of: task, unsure: true),
                    name: "the head that task \(task) had"))
        }
        for process in processes.indices where hasMemory(process) {
            for (index, remains) in processes[process].remains.enumerated() {
                let found = try processes[process].memory.load(
                    crf_robust_list_head.self, at: remains.address)
                guard let match = remains.allowed.first(where: { found.difference(from: $0) == nil }) else {
                    throw disagree(
                        "\(remains.name) in process \(process): \(found.difference(from: remains.allowed[0])!)"
                    )
                }
                processes[process].remains[index].allowed = [match]
            }
        }
    }

    /// Tells whether the memory that a process had is still there.
    func hasMemory(_ process: Int) -> Bool {
        processes[process].isAlive && !processes[process].hasExecuted && accessor(of: process) != nil
    }
}

extension crf_robust_list_head {
    /// The first member that is not as in the other; nil if all are.
    func difference(from other: crf_robust_list_head) -> String? {
        func hex(_ value: UInt) -> String { "0x\(String(value, radix: 16))" }
        if list_op_pending != other.list_op_pending {
            return "list_op_pending is \(hex(list_op_pending)), the model has \(hex(other.list_op_pending))"
        }
        if futex_offset != other.futex_offset {
            return "futex_offset is \(futex_offset), the model has \(other.futex_offset)"
        }
        return next == other.next ? nil : "next is \(hex(next)), the model has \(hex(other.next))"
    }
}
