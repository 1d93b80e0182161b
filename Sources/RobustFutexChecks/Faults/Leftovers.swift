// SPDX-License-Identifier: MIT

import RobustFutex
import TestProcesses

/// Finds what calls have kept for good, when the processes of a scenario have gone.
final class Leftovers {
    private struct Counter {
        let count: KernelCount
        /// The number that there are without any scenario.
        var before: Int
    }

    private var objects: [Counter]
    private var removedGroups: [Counter]
    /// Of the processes of the scenario, which are all forked by the first in it.
    private var group: ControlGroup?

    /// The objects that cannot be counted here, with the reasons.
    let uncounted: [String]

    init() throws {
        func counters(_ counts: [KernelCount]) throws -> [Counter] {
            try counts.filter { $0.problem == nil }.map { Counter(count: $0, before: try $0.read()) }
        }
        objects = try counters(KernelCount.objects)
        removedGroups = try counters([KernelCount.removedGroups])
        uncounted =
            (KernelCount.objects + [KernelCount.removedGroups]).compactMap { count in
                count.problem.map { "\(count.name): \($0)" }
            }
            + (ControlGroup.problem(with: .memory).map { ["\(Self.memory): \($0)"] } ?? [])
    }

    private static let memory = "bytes of memory of the processes"

    /// Memory of objects is charged by the page. The rest of a page stays with the group when a processor turns to another
    /// one, until this one needs memory again or is removed: nr_charged_bytes in mm/memcontrol.c.
    private static let rests = ProcessorBinding.processorCount * pageSize

    /// Before the first process of a scenario.
    func begin() throws {
        guard ControlGroup.problem(with: .memory) == nil else { return }
        let new = try ControlGroup(.memory)
        try new.add(PeerRoot.start())
        group = consume new
    }

    /// After a scenario that failed: the next one starts with what is there by then.
    func giveUp() {
        PeerRoot.shutDown()
        group = nil
        _ = try? Self.excess(in: &objects)
        _ = try? Self.excess(in: &removedGroups)
    }

    /// After the end of a scenario's processes.
    ///
    /// - Throws: `CheckError.failed` when something is left.
    func expectNone() throws {
        PeerRoot.shutDown()
        var leaks = try Self.excess(in: &objects)
        // Then: what goes by itself has gone, and need not be reclaimed.
        if let remainder = try remainderOfGroup() { leaks.append(remainder) }
        leaks += try Self.excess(in: &removedGroups)
        guard leaks.isEmpty else {
            throw CheckError.failed("left by the calls: \(leaks.joined(separator: ", "))")
        }
    }

    /// The memory that is still charged to the group, which is removed; nil if it is not more than can be there anyway.
    private func remainderOfGroup() throws -> String? {
        guard group != nil else { return nil }
        var bytes = 0
        try wait {
            bytes = try group!.remainder()
            return bytes <= Self.rests
        }
        defer { group = nil }
        return bytes > Self.rests ? "\(bytes) \(Self.memory) (\(try group!.kindsOfMemory()))" : nil
    }

    /// The counts that stay higher than before. Those are what the next scenario begins with.
    private static func excess(in counters: inout [Counter]) throws -> [String] {
        var now: [Int] = []
        try wait {
            now = try counters.map { try $0.count.read() }
            return zip(counters, now).allSatisfy { $1 <= $0.before }
        }
        var excess: [String] = []
        for (index, number) in now.enumerated() {
            let (name, before) = (counters[index].count.name, counters[index].before)
            if number > before { excess.append("\(number - before) \(name)") }
            // Fewer: something older has ended, and must not hide a leak.
            counters[index].before = number
        }
        return excess
    }
}

/// Waits for what the kernel does in the background, such as freeing what nobody can read any more; not for ever.
private func wait(until condition: () throws -> Bool) throws {
    do {
        try Deadline.poll(for: "", within: Scene.promptly, until: condition)
    } catch CheckError.timedOut {
        // The condition has left what there is.
    }
}
