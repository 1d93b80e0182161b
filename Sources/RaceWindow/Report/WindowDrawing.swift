// SPDX-License-Identifier: MIT

import RaceReport

/// A cell as a picture for a terminal: the steps of the unlock from top to bottom, the futex word and
/// `list_op_pending` beside them, a frame around the race window, what came of dying there.
public struct WindowDrawing {
    private let cell: Cell

    public init(_ cell: Cell) {
        self.cell = cell
    }

    /// A run of equal boundaries outside of the window longer than this is shortened to its first and last.
    private static let longestRun = 3

    public var lines: [String] {
        guard !cell.records.isEmpty else { return [] }
        let rows = cell.records.map(Row.init)
        let widths = (0..<Row.columns).map { column in
            (rows.map { $0.texts[column].count } + [Row.titles[column].count]).max() ?? 0
        }
        func line(_ texts: [String]) -> String {
            zip(texts, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
        }
        let width = line(Row.titles).count
        var lines = ["  " + line(Row.titles)]
        for run in runs {
            let texts = run.shown.map { line(rows[$0].texts) }
            if run.inWindow {
                lines.append("┌─" + title("race window", width) + "─┐")
                lines += texts.map { "│ " + $0 + " │" }
                lines.append("└─" + String(repeating: "─", count: width) + "─┘")
            } else if run.hidden > 0 {
                lines.append("  " + texts[0])
                lines.append("  " + String(repeating: " ", count: widths[0]) + "  ⋮ \(run.hidden) more")
                lines.append("  " + texts[texts.count - 1])
            } else {
                lines += texts.map { "  " + $0 }
            }
        }
        return lines.map(trimmed)
    }

    private func title(_ text: String, _ width: Int) -> String {
        "── \(text) " + String(repeating: "─", count: max(0, width - text.count - 4))
    }

    private func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }

    /// Boundaries that follow each other and are alike.
    private struct Run {
        var shown: [Int]
        var hidden = 0
        var inWindow: Bool
    }

    private var runs: [Run] {
        var runs: [Run] = []
        var start = 0
        for index in cell.records.indices.dropFirst() where !alike(index - 1, index) {
            runs.append(run(start..<index))
            start = index
        }
        runs.append(run(start..<cell.records.count))
        return runs
    }

    private func run(_ range: Range<Int>) -> Run {
        let inWindow = cell.records[range.lowerBound].inWindow
        guard !inWindow, range.count > Self.longestRun else {
            return Run(shown: Array(range), inWindow: inWindow)
        }
        return Run(
            shown: [range.lowerBound, range.upperBound - 1], hidden: range.count - 2, inWindow: false)
    }

    private func alike(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = (cell.records[one], cell.records[other])
        // Within the window every step is shown, whatever came of it.
        return a.released == b.released && a.pending == b.pending && (a.inWindow || a.outcome == b.outcome)
    }
}

/// One boundary's texts.
private struct Row {
    static let titles = [
        "step", "stopped before", "instruction", "futex word", "list_op_pending", "killed there",
    ]
    static let columns = titles.count

    let texts: [String]

    init(_ boundary: Boundary) {
        let number = "\(boundary.index)"
        let outcome =
            switch boundary.outcome {
            case .corrupted: "✗ corrupted"
            case .intact: "intact"
            case .held: "owner died"
            case .waits: "destroy waits"
            case nil: "not tried"
            }
        texts = [
            String(repeating: " ", count: max(0, Self.titles[0].count - number.count)) + number,
            boundary.location,
            boundary.mnemonic ?? boundary.bytes ?? "",
            boundary.released ? "released" : "owned",
            boundary.pending ? "the lock" : "NULL",
            outcome,
        ]
    }
}
