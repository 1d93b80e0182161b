// SPDX-License-Identifier: MIT

import RaceReport

/// All that was seen of the kernels of some architectures.
public struct ArchitectureReport: Codable, Sendable {
    public var version = 1
    /// The futex selftests of the kernel's tree, a run for each kernel.
    public var selftests: [SelftestRun.KernelRun]
    /// The series' own selftest as a 32-bit program, for each kernel that runs such.
    public var compat: [SelftestRun.KernelRun]
    /// Processes and threads that die while others call, on each kernel that has the call.
    public var stress: [StressRun]
    /// The race on the C libraries of each architecture.
    public var comparison: ComparisonReport
    /// Differences from what must be, one sentence each.
    public var problems: [String]

    init(
        selftests: [SelftestRun.KernelRun], compat: [SelftestRun.KernelRun], stress: [StressRun],
        comparison: ComparisonReport
    ) {
        self.stress = stress
        self.selftests = selftests
        self.compat = compat
        self.comparison = comparison
        problems =
            SelftestComparison(selftests).problems
            + SelftestComparison(compat).problems.map { "32-bit selftest: \($0)" }
            + stress.flatMap(\.problems) + comparison.verdict.problems
    }

    /// The table for people, a row a kernel.
    public var table: [String] {
        var rows = [
            [
                "KERNEL", "BOOTS", "SELFTESTS p/f/s", "THE SERIES' OWN", "AS 32 BITS", "RACE, LEGACY",
                "RACE, WITH THE CALL", "STRESS: CHANGED",
            ]
        ]
        for run in selftests {
            let others = run.findings.filter { $0.program != SelftestPrograms.ofTheSeries }
            rows.append([
                run.kernel, run.release == nil ? "no" : "yes", Self.counts(others), Self.own(run),
                compat.first { $0.kernel == run.kernel }.map(Self.own) ?? "-",
                race(on: run.kernel, .legacy), race(on: run.kernel, .cleanup),
                stress.first { $0.kernel == run.kernel }?.summary ?? "-",
            ])
        }
        return TextTable.lines(of: rows)
    }

    private static func counts(_ findings: [SelftestFinding]) -> String {
        SelftestFinding.counts(findings).map { String($0.count) }.joined(separator: "/")
    }

    private static func own(_ run: SelftestRun.KernelRun) -> String {
        counts(run.findings.filter { $0.program == SelftestPrograms.ofTheSeries })
    }

    /// As in `corrupted 25 of 236`.
    private func race(on kernel: String, _ destroyer: Scenario.Destroyer) -> String {
        let cells = comparison.cells.filter { $0.kernel == kernel && $0.scenario.destroyer == destroyer }.map(
            \.cell)
        let broken = cells.count { $0.verdict == .broken }
        if broken > 0 { return "\(broken) of \(cells.count) scenarios broken" }
        let tried = cells.map(\.tried).reduce(0, +)
        guard tried > 0 else { return "cannot run" }
        let corrupted = cells.map(\.corrupted).reduce(0, +)
        return corrupted > 0 ? "corrupted \(corrupted) of \(tried)" : "intact \(tried) of \(tried)"
    }

    /// A line for each way in which an unlock was held, or could not be.
    public var details: [String] {
        comparison.cells.map { "\($0.kernel)  \($0.scenario.identifier)  \($0.cell.summary)" }
    }
}
