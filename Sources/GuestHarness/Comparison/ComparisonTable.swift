// SPDX-License-Identifier: MIT

import RaceReport

/// A comparison as a table for a terminal.
public enum ComparisonTable {
    public static func lines(of report: ComparisonReport) -> [String] {
        let showsArchitecture = report.architectures.count > 1
        var rows = [
            (showsArchitecture ? ["architecture"] : []) + ["kernel", "unlocker", "destroyer", "result", ""]
        ]
        for kernel in report.kernels {
            if rows.count > 1 { rows.append([]) }
            rows += report.groups.filter { $0.kernel == kernel.name }.map { group in
                (showsArchitecture ? [kernel.architecture] : []) + [
                    group.kernel, group.unlocker.rawValue, group.destroyer.rawValue, group.summary,
                    group.extent + (group.isWrong ? "  WRONG" : ""),
                ]
            }
        }
        return TextTable.lines(of: rows)
    }

    /// The same for a page: a row for each unlocker, a column for each destroyer; below it, how the comparison ended.
    public static func markdown(of report: ComparisonReport) -> [String] {
        var lines = [
            "| kernel | unlocker | destroyed as today | with `cleanup_robust_list()` | by the patched library | with the preload | unmapped with the preload |",
            "|---|---|---|---|---|---|---|",
        ]
        for kernel in report.kernels {
            for unlocker in Scenario.Unlocker.allCases {
                let groups = report.groups.filter { $0.kernel == kernel.name && $0.unlocker == unlocker }
                guard !groups.isEmpty else { continue }
                let cells = Scenario.Destroyer.allCases.map { destroyer in
                    groups.first { $0.destroyer == destroyer }.map { group in
                        (group.verdict == .cannotRun ? group.verdict.rawValue : group.summary)
                            + (group.isWrong ? " **WRONG**" : "")
                    } ?? "–"
                }
                lines.append("| \(([kernel.name, unlocker.rawValue] + cells).joined(separator: " | ")) |")
            }
        }
        return lines + ["", "```", conclusion(of: report).last ?? "", "```"]
    }

    /// Lines below the table.
    public static func conclusion(of report: ComparisonReport) -> [String] {
        let verdict = report.verdict
        var lines = report.kernels.map { kernel in
            let origin = report.origin(of: kernel)
            let accelerator = origin.map { " (\($0.accelerator.rawValue.uppercased()))" } ?? ""
            return "kernel   \(kernel.name), \(origin?.kernel.release ?? kernel.release)\(accelerator)"
        }
        lines += verdict.findings
        lines += verdict.remarks.map { "note: \($0)" }
        lines += verdict.problems.map { "WRONG: \($0)" }
        let cells = report.cells
        let ran = cells.count { $0.cell.tried > 0 }
        let idle = cells.count { $0.cell.verdict == .cannotRun }
        let broken = cells.count { $0.cell.verdict == .broken }
        lines.append(
            "\(verdict.isGood ? "PASSED" : "FAILED"): \(cells.count) cells: \(ran) ran, \(idle) cannot run, \(broken) broken;"
                + " \(verdict.problems.count) problems")
        return lines
    }
}
