// SPDX-License-Identifier: MIT

import RaceReport

/// Every cell, a table for each kernel.
struct DetailSection {
    var report: ComparisonReport

    var html: HTML {
        let tables = report.kernels.map { kernel -> HTML in
            let own = report.cells.filter { $0.kernel == kernel.name }
            var scenes: [Scenario] = []
            for cell in own {
                var scene = cell.scenario
                scene.destroyer = .legacy
                if !scenes.contains(scene) { scenes.append(scene) }
            }
            let rows = scenes.map { scene -> HTML in
                let cells = Scenario.Destroyer.allCases.map { destroyer -> HTML in
                    var scenario = scene
                    scenario.destroyer = destroyer
                    guard let cell = own.first(where: { $0.scenario == scenario }) else {
                        return "<td data-label=\"\(PageWords.name(destroyer))\">not chosen</td>"
                    }
                    let problems = cell.problems.map { "<br><span class=\"wrong\">\($0)</span>" as HTML }
                    return """
                        <td class="\(PageWords.style(cell.cell.verdict))" data-label="\(PageWords.name(destroyer))">\
                        <span class="word">\(PageWords.mark(cell.cell.verdict))</span> \(cell.cell.summary)\
                        \(cell.cell.tried > 0 ? ", \(PageWords.seconds(cell.cell.seconds))" : "")\(problems.joined())</td>
                        """
                }
                return """
                    <tr><th scope="row">\(scene.unlocker.rawValue), \(scene.variant.rawValue)<br>\
                    <span class="faint">\(scene.technique.rawValue), \(scene.memory.rawValue), \(scene.killer.rawValue)</span></th>\
                    \(cells.joined())</tr>
                    """
            }
            return """
                <h3>\(kernel.name)</h3>
                <div class="scroll"><table class="stack">
                <thead><tr><th>unlocker, variant; technique, memory, killer</th><th>\(PageWords.name(.legacy))</th>\
                <th>\(PageWords.name(.cleanup))</th></tr></thead>
                <tbody>\(rows.joined())</tbody></table></div>
                """
        }
        return "<section id=\"details\">\n<h2>Every scenario</h2>\n\(tables.joined())</section>"
    }
}
