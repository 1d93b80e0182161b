// SPDX-License-Identifier: MIT

import RaceReport

/// The unlocks that were gone through instruction by instruction, as pictures.
struct WindowSection {
    var report: ComparisonReport

    var html: HTML {
        let figures = report.byArchitecture().flatMap { Self.figures(of: $0.report, architecture: $0.name) }
        guard !figures.isEmpty else { return "" }
        return """
            <section id="window">
            <h2>The race window, instruction by instruction</h2>
            <p>Each strip is one unlock, from its first instruction to its last, left to right.
            <span class="key" style="background:var(--window)"></span>above it: the futex word is released and
            <code>list_op_pending</code> still set.
            <span class="key" style="background:var(--bad)"></span>killed there, the kernel wrote to reused memory.
            <span class="key" style="background:var(--step)"></span>killed there, it did not.</p>
            <div class="figures">\(figures.joined())</div>
            </section>
            """
    }

    /// One for each unlock; the instructions of two architectures share none.
    private static func figures(of report: ComparisonReport, architecture: String?) -> [HTML] {
        let place: HTML = architecture.map { "\($0), " } ?? ""
        let scenes = report.cells.filter {
            $0.scenario.technique == .singleStep && $0.scenario.memory == .shared
                && $0.scenario.killer == .sigkill
                && $0.cell.tried > 0
        }
        var figures: [HTML] = []
        for unlocker in Scenario.Unlocker.allCases {
            for variant in Scenario.Variant.allCases {
                let cells = scenes.filter {
                    $0.scenario.unlocker == unlocker && $0.scenario.variant == variant
                }
                guard !cells.isEmpty else { continue }
                figures.append(
                    """
                    <figure><figcaption><b>\(place)\(PageWords.name(unlocker))</b>, \(variant.rawValue): \
                    \(cells.map(\.cell.boundaries).max()!) boundaries</figcaption>
                    \(WindowStrips(cells: cells).svg)</figure>
                    """)
            }
        }
        return figures
    }
}
