// SPDX-License-Identifier: MIT

import RaceReport

/// The verdict on a whole comparison.
public struct ComparisonVerdict: Codable, Equatable, Sendable {
    public var isGood: Bool
    /// Observations, one sentence each.
    public var findings: [String]
    /// Unexpected results, one sentence each; empty when the comparison is good.
    public var problems: [String]
    /// Facts that a reader should know and that are no failures.
    public var remarks: [String]

    /// - Parameters:
    ///   - remarks: things noticed on the way.
    ///   - isWhole: false for a shard, of which only the cells themselves are judged.
    init(kernels: [ComparedKernel], cells: [ComparedCell], remarks: [String], isWhole: Bool = true) {
        var findings: [String] = []
        var problems: [String] = []
        var remarks = remarks
        if isWhole, !cells.contains(where: { $0.cell.tried > 0 }) {
            problems.append("no scenario ran: this comparison shows nothing")
        }
        for kernel in kernels {
            let own = cells.filter { $0.kernel == kernel.name }
            let legacy = own.filter { $0.scenario.unlocker.isLegacy && $0.scenario.destroyer == .legacy }
            // There the call of a library fails, and nobody notices.
            let unprotected = legacy + own.filter(\.scenario.destroyer.isLeftToLibrary)
            if isWhole, kernel.isStock, !unprotected.contains(where: { $0.cell.verdict == .corrupted }) {
                problems.append(
                    "\(kernel.name) does not show the bug: no scenario in which nobody protects the memory was corrupted"
                        + " there, so that this comparison proves nothing")
            }
            findings += Self.findings(kernel, own, legacy: legacy)
            if kernel.expected == nil, let found = own.lazy.compactMap(\.origin).first?.kernel {
                remarks.append(
                    "\(kernel.name) is your own: cleanup_robust_list(2) \(found.detection);"
                        + " FUTEX_ROBUST_UNLOCK \(found.futexRobustUnlock ? "supported" : "absent")")
            }
        }
        if !isWhole { remarks.append("this is one shard: ./qemu/compare merge judges all of them together") }
        if isWhole, kernels.contains(where: { $0.expected != nil }), !kernels.contains(where: \.isStock) {
            remarks.append("no stock kernel was chosen: this comparison has nothing to compare with")
        }
        for cell in cells where !cell.problems.isEmpty {
            problems += cell.problems.map { "\(cell.kernel) \(cell.cell.identifier): \($0)" }
        }
        isGood = problems.isEmpty
        self.findings = findings
        self.problems = problems
        self.remarks = remarks
    }

    private static func findings(
        _ kernel: ComparedKernel, _ cells: [ComparedCell], legacy: [ComparedCell]
    ) -> [String] {
        let groups: [(String, [ComparedCell])] = [
            ("a legacy unlocker and a legacy destroyer", legacy),
            (
                "a legacy unlocker and a destroyer that calls cleanup_robust_list()",
                cells.filter { $0.scenario.unlocker.isLegacy && $0.scenario.destroyer == .cleanup }
            ),
            (
                "a legacy unlocker and a patched C library as the destroyer",
                cells.filter { $0.scenario.destroyer == .patchedLibrary }
            ),
            (
                "a legacy unlocker and a destroyer with the preload",
                cells.filter { $0.scenario.destroyer == .preload }
            ),
            (
                "a legacy unlocker and memory that is unmapped with the preload",
                cells.filter { $0.scenario.destroyer == .preloadUnmap }
            ),
            ("an unlocker with FUTEX_ROBUST_UNLOCK", cells.filter { !$0.scenario.unlocker.isLegacy }),
        ]
        return groups.compactMap { what, cells in
            let tried = cells.reduce(0) { $0 + $1.cell.tried }
            let corrupted = cells.reduce(0) { $0 + $1.cell.corrupted }
            guard tried > 0 else { return nil }
            let result = corrupted > 0 ? "corrupted at \(corrupted) of \(tried)" : "intact at all \(tried)"
            return "\(kernel.name): with \(what), \(result) boundaries tried"
        }
    }
}
