// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import TestProcesses

// The whole world against the model.
extension WorldRun {
    func verify() throws {
        for task in tasks.indices where model.tasks[task].isAlive {
            ownHeads[task].list_op_pending = model.tasks[task].own.map { rawValue($0, of: task) } ?? 0
            // Not registered, it is memory as any other.
            if !model.tasks[task].isPlaced, model.tasks[task].isRegistered {
                try tasks[task].confirmOwnHead()
            }
            let found = try processes[owner(of: task)].memory.load(
                crf_robust_list_head.self, at: tasks[task].headAddress)
            if let difference = found.difference(from: ownHeads[task]) {
                throw disagree("the head of task \(task): \(difference)")
            }
        }
        try verifyRemains()
        // Those of tasks that have gone, too: what they leave in shared memory belongs to somebody else.
        for task in tasks.indices {
            let placed = model.tasks[task].placed.map { rawValue($0, of: task) } ?? 0
            let compat = model.tasks[task].compat.map { rawValue($0, of: task) } ?? 0
            heads.expect(placed, compat: UInt32(truncatingIfNeeded: compat), task)
        }
        if let difference = try heads.difference() { throw disagree(difference) }
        for process in processes.indices where hasMemory(process) {
            try verifyPrivateMemory(of: process)
        }
        for (number, stored) in files.enumerated() {
            guard let word = try stored.firstDifference(from: model.files[number]) else { continue }
            throw disagree(
                "word \(word.index) of file \(number) is 0x\(String(word.found, radix: 16)), the model has 0x\(String(model.files[number][word.index], radix: 16))"
            )
        }
    }

    private func verifyPrivateMemory(of process: Int) throws {
        let space = processes[process].space
        for page in 0..<Extent.arenaPages {
            guard case .own(let number)? = model.spaces[space].pages[page]?.memory else { continue }
            let found = try processes[process].memory.load(
                UInt32.self, count: Extent.pageBytes / 4, at: address(page * Extent.pageBytes, in: process))
            guard let (word, allowed) = model.learn(found, ofPrivatePage: number) else { continue }
            let hex = allowed.map { "0x\(String($0, radix: 16))" }.joined(separator: " or ")
            throw disagree(
                "word \(word) of page \(page) of process \(process) is 0x\(String(found[word], radix: 16)), the model has \(hex)"
            )
        }
    }
}

extension Array where Element: Equatable {
    /// The first index at which another array of the same length has something else.
    func firstDifference(from other: [Element]) -> Int? {
        self == other ? nil : indices.first { self[$0] != other[$0] }
    }
}
