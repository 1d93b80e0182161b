// SPDX-License-Identifier: MIT

/// A report about callers as text: a line a pair, and what came of it.
public struct CallersTable {
    public let lines: [String]

    public init(_ report: CallersReport) {
        lines = Self.header(report) + [""] + Self.pairs(report) + Self.result(report)
    }

    private static func header(_ report: CallersReport) -> [String] {
        [
            "kernel    \(report.kernel.release) \(report.kernel.machine)",
            "measured  \(report.title)",
            "unit      calls per second of wall time, on \(report.processors) processors",
        ]
    }

    private static func pairs(_ report: CallersReport) -> [String] {
        guard report.skipped == nil else { return [] }
        let rows = report.pairs.enumerated().map { index, pair in
            [
                "\(index + 1)", number(pair.without.rate), number(pair.with.rate), hundredths(pair.ratio),
                number(Double(pair.without.searches)), number(Double(pair.with.searches)),
            ]
        }
        return NumberTable.lines(
            [
                "pair", "with none", "with \(number(Double(report.unrelated)))", "ratio", "searches",
                "searches",
            ],
            rows, leftAligned: [0]) + [""]
    }

    private static func result(_ report: CallersReport) -> [String] {
        if let reason = report.skipped { return ["skipped   \(reason)"] }
        guard let ratio = report.ratio, let verdict = report.verdict else { return [] }
        let end =
            switch verdict {
            case .met: ["met"]
            case .missed: ["MISSED"]
            case .failed(let reason): ["FAILED", "          \(reason)"]
            }
        return [
            "searches  \(number(Double(report.searches))) of all processes, in "
                + "\(number(Double(report.calls))) calls",
            "ratio     \(hundredths(ratio)), the median; target \(hundredths(CallersReport.target)): \(end[0])",
        ] + end.dropFirst()
    }
}
