// SPDX-License-Identifier: MIT

import RaceReport

/// The table: kernel and destroyer down, unlocker across.
struct SummarySection {
    var report: ComparisonReport

    var html: HTML {
        let tables = report.byArchitecture().map { name, part -> HTML in
            let heading: HTML = name.map { "<h3>\($0)</h3>\n" } ?? ""
            return heading + Self.table(of: part)
        }
        return """
            <section id="summary">
            <h2>Kernel, destroyer, unlocker</h2>
            <p>Counts are instruction boundaries (or system call stops) over all scenarios of a group; a group is corrupted if
            one of its scenarios is.</p>
            \(tables.joined())
            </section>
            """
    }

    private static func table(of report: ComparisonReport) -> HTML {
        let unlockers = Scenario.Unlocker.allCases.filter { unlocker in
            report.groups.contains { $0.unlocker == unlocker }
        }
        let columns = unlockers.map { "<th>\(PageWords.name($0))</th>" as HTML }
        var rows: [HTML] = []
        for kernel in report.kernels {
            for destroyer in Scenario.Destroyer.allCases {
                let groups = report.groups.filter { $0.kernel == kernel.name && $0.destroyer == destroyer }
                guard !groups.isEmpty else { continue }
                let cells = unlockers.map { unlocker -> HTML in
                    guard let group = groups.first(where: { $0.unlocker == unlocker }) else {
                        return "<td data-label=\"\(PageWords.name(unlocker))\">not chosen</td>"
                    }
                    return cell(group)
                }
                rows.append(
                    """
                    <tr><th scope="row">\(kernel.name)<br><span class="faint">\(PageWords.name(destroyer))</span></th>\
                    \(cells.joined())</tr>
                    """)
            }
        }
        return """
            <div class="scroll"><table class="stack">
            <thead><tr><th>kernel, destroyer</th>\(columns.joined())</tr></thead>
            <tbody>\(rows.joined())</tbody></table></div>
            """
    }

    private static func cell(_ group: ComparisonGroup) -> HTML {
        let detail: HTML =
            switch group.verdict {
            case .corrupted: "\(group.corrupted) of \(group.tried)"
            case .intact: "\(group.tried) of \(group.tried)"
            case .cannotRun, .broken:
                "\(group.reasons.joined(separator: "; ").replacing(group.verdict.rawValue + ": ", with: ""))"
            }
        return """
            <td class="\(PageWords.style(group.verdict))" data-label="\(PageWords.name(group.unlocker))">\
            <span class="word">\(PageWords.mark(group.verdict)) \(group.verdict.rawValue)</span> \(detail)\
            <br><span class="faint">\(group.extent)</span>\(PageWords.wrong(group.isWrong))</td>
            """
    }
}
