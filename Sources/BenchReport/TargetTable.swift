// SPDX-License-Identifier: MIT

/// A report held against the targets.
enum TargetTable {
    /// Empty when the unit is not the targets', or nothing was measured that has one.
    static func lines(_ report: BenchReport) -> [String] {
        guard report.clock.unit == .instructions else { return [] }
        let rows = Target.all.flatMap { target -> [[String]] in
            guard let value = target.value(in: report) else { return [] }
            let row = [
                target.title, decimal(value), number(target.limit),
                target.limit > 0 ? ratio(value / target.limit) : "",
                target.isMet(by: value) ? "met" : "MISSED",
            ]
            guard let part = target.explanation(in: report) else { return [row] }
            return [row, ["  \(part.title)", decimal(part.value), "", "", ""]]
        }
        guard !rows.isEmpty else { return [] }
        return TextTable.lines(
            ["target", "measured", "target", "ratio", ""], rows, leftAligned: [0, 4])
    }
}
