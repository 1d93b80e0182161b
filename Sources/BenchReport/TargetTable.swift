// SPDX-License-Identifier: MIT

/// A report held against the targets.
enum TargetTable {
    /// Empty when the unit is not the targets', or nothing was measured that has one.
    ///
    /// - Parameter callers: of the same kernel.
    static func lines(_ report: BenchReport, callers: CallersReport? = nil) -> [String] {
        guard report.clock.unit == .instructions else { return [] }
        let rows = costs(report) + (callers.map(Self.callers) ?? [])
        guard !rows.isEmpty else { return [] }
        return NumberTable.lines(
            ["target", "measured", "target", "ratio", ""], rows, leftAligned: [0, 4])
    }

    private static func costs(_ report: BenchReport) -> [[String]] {
        Target.all.flatMap { target -> [[String]] in
            guard let value = target.value(in: report) else { return [] }
            let row = [
                target.title, decimal(value), number(target.limit),
                target.limit > 0 ? ratio(value / target.limit) : "",
                target.isMet(by: value) ? "met" : "MISSED",
            ]
            guard let part = target.explanation(in: report) else { return [row] }
            return [row, ["  \(part.title)", decimal(part.value), "", "", ""]]
        }
    }

    /// The ratio and, below it, the count that decides.
    private static func callers(_ report: CallersReport) -> [[String]] {
        guard let ratio = report.ratio, let verdict = report.verdict else {
            return [
                [report.title, "-", hundredths(CallersReport.target), "", report.skipped ?? "not measured"]
            ]
        }
        let word =
            switch verdict {
            case .met: "met"
            case .missed: "MISSED"
            case .failed: "FAILED"
            }
        return [
            [
                report.title, hundredths(ratio), hundredths(CallersReport.target),
                hundredths(ratio / CallersReport.target), word,
            ],
            [
                "  searches of all processes in \(number(Double(report.calls))) calls",
                number(Double(report.searches)), "0", "", "",
            ],
        ]
    }
}
