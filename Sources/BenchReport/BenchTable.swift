// SPDX-License-Identifier: MIT

/// A report as text: costs, growth, and targets.
public struct BenchTable {
    public let lines: [String]

    public init(_ report: BenchReport) {
        lines =
            Self.header(report)
            + [Self.costs(report), Self.growth(report), TargetTable.lines(report)].filter { !$0.isEmpty }
            .flatMap { [""] + $0 }
    }

    private static func header(_ report: BenchReport) -> [String] {
        let unit =
            switch report.clock.unit {
            case .instructions: "guest instructions (the clock counts them)"
            case .nanoseconds: "nanoseconds (this clock does not count instructions)"
            }
        return [
            "kernel    \(report.kernel.release) \(report.kernel.machine)",
            "unit      \(unit)",
            "clock     \(report.clock.evidence.joined(separator: "; "))",
            "overhead  \(number(report.clock.overhead)) for reading the clock, subtracted",
        ]
    }

    private static func costs(_ report: BenchReport) -> [String] {
        let call = report.cost("getppid")
        let rows = report.measurements.map { measurement -> [String] in
            guard let cost = measurement.cost else {
                return [measurement.name, "-", "", "", "", "", measurement.skipped ?? "not measured"]
            }
            return [
                measurement.name, number(cost.minimum), number(cost.decile), number(cost.median),
                percent(cost.spread),
                call.map { ratio(cost.decile / $0) } ?? "", measurement.title,
            ]
        }
        return NumberTable.lines(
            ["case", "minimum", "decile", "median", "spread", "x getppid", ""], rows, leftAligned: [0, 6])
    }

    private static func growth(_ report: BenchReport) -> [String] {
        guard !report.lines.isEmpty else { return [] }
        let rows = report.lines.map { line in
            [
                line.series, number(line.intercept), decimal(line.slope), decimal(line.steepest),
                percent(line.largestResidual), "per \(line.unit)",
            ]
        }
        return NumberTable.lines(
            ["growth", "fixed", "slope", "steepest", "residual", ""], rows, leftAligned: [0, 5])
    }
}
