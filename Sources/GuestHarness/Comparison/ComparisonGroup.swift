// SPDX-License-Identifier: MIT

import RaceReport

/// All scenarios of one kernel, one unlocker and one destroyer together: a line of the table.
public struct ComparisonGroup: Codable, Equatable, Sendable {
    public var kernel: String
    public var unlocker: Scenario.Unlocker
    public var destroyer: Scenario.Destroyer
    /// The worst of its scenarios': corrupted before broken before intact before cannot run.
    public var verdict: Cell.Verdict
    /// The boundaries of all scenarios that were tried, and at how many memory was written to.
    public var tried: Int
    public var corrupted: Int
    public var scenarios: Int
    /// Of the scenarios, those that could not run or broke, and the different reasons why.
    public var withoutResult: Int
    public var reasons: [String]
    /// Tells whether any of its cells has an unexpected result.
    public var isWrong: Bool

    /// - Parameter cells: at least one.
    init(
        _ cells: [ComparedCell], kernel: String, _ unlocker: Scenario.Unlocker,
        _ destroyer: Scenario.Destroyer
    ) {
        self.kernel = kernel
        self.unlocker = unlocker
        self.destroyer = destroyer
        let order: [Cell.Verdict] = [.corrupted, .broken, .intact, .cannotRun]
        verdict = order.first { verdict in cells.contains { $0.cell.verdict == verdict } }!
        tried = cells.reduce(0) { $0 + $1.cell.tried }
        corrupted = cells.reduce(0) { $0 + $1.cell.corrupted }
        scenarios = cells.count
        let idle = cells.filter { $0.cell.verdict == .cannotRun || $0.cell.verdict == .broken }
        withoutResult = idle.count
        var reasons: [String] = []
        for cell in idle where !reasons.contains(cell.cell.summary) { reasons.append(cell.cell.summary) }
        self.reasons = reasons
        isWrong = cells.contains { !$0.problems.isEmpty }
    }

    /// In the order of the kernels, then of the unlockers and destroyers; only those that have cells.
    static func all(of cells: [ComparedCell], kernels: [ComparedKernel]) -> [ComparisonGroup] {
        kernels.flatMap { kernel in
            Scenario.Unlocker.allCases.flatMap { unlocker in
                Scenario.Destroyer.allCases.compactMap { destroyer in
                    let own = cells.filter {
                        $0.kernel == kernel.name && $0.scenario.unlocker == unlocker
                            && $0.scenario.destroyer == destroyer
                    }
                    return own.isEmpty ? nil : ComparisonGroup(own, kernel: kernel.name, unlocker, destroyer)
                }
            }
        }
    }

    /// `corrupted 18 of 248`, `intact 248 of 248`, `cannot run: …`, `broken: …`; without the reasons of those
    /// that could not run beside others that could.
    public var summary: String {
        switch verdict {
        case .corrupted: "corrupted \(corrupted) of \(tried)"
        case .intact: "intact \(tried) of \(tried)"
        case .cannotRun, .broken: reasons.joined(separator: "; ")
        }
    }

    /// `12 scenarios`, `12 scenarios, 1 without a result`.
    public var extent: String {
        let all = "\(scenarios) scenario\(scenarios == 1 ? "" : "s")"
        return withoutResult == 0 || withoutResult == scenarios
            ? all : "\(all), \(withoutResult) without a result"
    }
}
