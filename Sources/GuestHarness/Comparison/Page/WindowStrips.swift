// SPDX-License-Identifier: MIT

import RaceReport

/// One scene at every boundary of the unlock, a strip for each kernel and destroyer, as SVG.
///
/// A mark above the strip shows the race window, filled cells show what was corrupted: on a kernel with the
/// bug the two coincide.
struct WindowStrips {
    /// Cells that differ in kernel and destroyer only.
    var cells: [ComparedCell]

    private static let width = 340
    private static let rowHeight = 42
    private static let barTop = 22
    private static let barHeight = 14

    var svg: HTML {
        let steps = cells.map(\.cell.boundaries).max() ?? 0
        guard steps > 0 else { return "" }
        let height = cells.count * Self.rowHeight + 4
        var drawing: HTML = """
            <svg viewBox="0 0 \(Self.width) \(height)" width="\(Self.width)" height="\(height)" role="img" \
            aria-label="\(description)">
            """
        drawing.append("")
        for (row, cell) in cells.enumerated() {
            drawing.append(strip(cell, steps: steps, y: row * Self.rowHeight))
        }
        drawing.append("</svg>")
        return drawing
    }

    private var description: String {
        cells.map { "\($0.kernel), destroyer \($0.scenario.destroyer.rawValue): \($0.cell.summary)" }
            .joined(separator: "; ")
    }

    private func strip(_ cell: ComparedCell, steps: Int, y: Int) -> HTML {
        func x(_ step: Int) -> Int { step * Self.width / steps }
        func bars(_ indices: [Int], _ style: String, top: Int, height: Int) -> HTML {
            Self.runs(of: indices).map { run -> HTML in
                """
                <rect class="\(style)" x="\(x(run.lowerBound))" y="\(y + top)" \
                width="\(max(1, x(run.upperBound) - x(run.lowerBound)))" height="\(height)"/>
                """
            }.joined()
        }
        let label: HTML = """
            <text x="0" y="\(y + 12)">\(cell.kernel) · \(cell.scenario.destroyer.rawValue)\
            <tspan class="faint"> \(cell.cell.summary)</tspan></text>
            """
        return [
            label, bars(cell.triedAt, "step", top: Self.barTop, height: Self.barHeight),
            bars(cell.window, "window", top: Self.barTop - 4, height: 3),
            bars(cell.corruptedAt, "hit", top: Self.barTop, height: Self.barHeight),
        ].joined()
    }

    /// Indices without a gap between them become one bar.
    static func runs(of indices: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for index in indices.sorted() {
            if let last = runs.last, last.upperBound == index {
                runs[runs.count - 1] = last.lowerBound..<(index + 1)
            } else {
                runs.append(index..<(index + 1))
            }
        }
        return runs
    }
}
