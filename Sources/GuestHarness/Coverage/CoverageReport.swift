// SPDX-License-Identifier: MIT

import Foundation

/// The lines and branches of cleanup.c that the tests reached.
public struct CoverageReport: Sendable {
    /// The numbers of those that there are, and of those that were executed or taken.
    public let lines: (all: Int, executed: Int)
    public let branches: (all: Int, taken: Int)
    /// With the numbers of their lines.
    let unreached: [(number: Int, code: UnreachedCode)]
    private let report: GcovReport
    private let source: [String]
    private let known: [UnreachedCode]

    /// - Parameters:
    ///   - source: the lines of the file.
    ///   - known: the places that are known not to be reached, each with its reason.
    init(_ report: GcovReport, source: [String], known: [UnreachedCode]) {
        self.report = report
        self.source = source
        self.known = known
        let all = report.lines.values
        lines = (all.count, all.count { $0.count > 0 })
        let reachable = all.filter { $0.count > 0 }
        // Branches of a line that was never executed are not counted twice.
        branches = (
            reachable.reduce(0) { $0 + $1.branches.count },
            reachable.reduce(0) { $0 + $1.branches.count { $0 > 0 } }
        )
        unreached = report.lines.sorted { $0.key < $1.key }.compactMap { number, line in
            let untaken = line.branches.count { $0 == 0 }
            guard line.count == 0 || untaken > 0 else { return nil }
            let text = number <= source.count ? source[number - 1].trimmingCharacters(in: .whitespaces) : ""
            return (
                number,
                UnreachedCode(
                    function: Self.function(at: number, in: source), text: text,
                    branches: line.count == 0 ? 0 : untaken)
            )
        }
    }

    /// The function that a line is in: gcov names none for lines of inlined ones. Definitions begin in the first column.
    private static func function(at number: Int, in source: [String]) -> String {
        for line in source.prefix(number).reversed() {
            guard line.first?.isLetter == true, let name = line.firstMatch(of: /(\w+)\(/)?.1 else { continue }
            return String(name)
        }
        return ""
    }

    /// Those that nobody has given a reason for: in the list or not.
    var unexplained: [(number: Int, code: UnreachedCode)] {
        var rest = known.filter { $0.reason?.isEmpty == false }
        return unreached.filter { place in
            guard let index = rest.firstIndex(where: { $0.covers(place.code) }) else { return true }
            rest.remove(at: index)
            return false
        }
    }

    /// The places in the list that are reached by now, or are gone.
    var outdated: [UnreachedCode] {
        var rest = unreached.map(\.code)
        return known.filter { place in
            if place.byChance == true { return false }
            guard let index = rest.firstIndex(where: place.covers) else { return true }
            rest.remove(at: index)
            return false
        }
    }

    public var isGood: Bool { unexplained.isEmpty && outdated.isEmpty }

    /// For people: the counts.
    public var totals: [String] {
        func share(_ part: Int, _ whole: Int) -> String {
            "\(part) of \(whole) (\(String(format: "%.1f", 100 * Double(part) / Double(max(whole, 1)))) %)"
        }
        return [
            "lines     \(share(lines.executed, lines.all))",
            "branches  \(share(branches.taken, branches.all)) of executed lines",
        ]
    }

    /// For people: the counts, and a line for each place that is not as the list has it.
    public var text: [String] {
        totals + [
            "unreached \(unreached.count) places, \(known.count) in the list"
        ]
            + unexplained.map { "NEW       \(CoverageFiles.sourceName):\($0.number): \($0.code.description)" }
            + outdated.map { "OUTDATED  \($0.description): \($0.reason ?? "")" }
    }

    /// The list as it would have to be now, with the reasons that there are.
    var updatedList: [UnreachedCode] {
        var rest = known
        return unreached.map { place in
            guard
                let index = rest.firstIndex(where: { $0.covers(place.code) })
                    ?? rest.firstIndex(where: { $0.isSamePlace(as: place.code) })
            else { return place.code }
            var entry = rest.remove(at: index)
            if !entry.covers(place.code) { entry.branches = place.code.branches }
            return entry
        } + rest.filter { $0.byChance == true }
    }

    /// The source with counts, as a page.
    var page: HTML {
        var rows: [HTML] = []
        for (index, line) in source.enumerated() {
            let found = report.lines[index + 1]
            let untaken = found?.branches.count { $0 == 0 } ?? 0
            let style = found.map { $0.count == 0 ? "never" : untaken > 0 ? "partly" : "whole" } ?? ""
            let branches = found.map {
                $0.branches.isEmpty ? "" : "\($0.branches.count - untaken)/\($0.branches.count)"
            }
            rows.append(
                """
                <tr class="\(style)"><td>\(index + 1)</td><td>\(found.map { "\($0.count)" } ?? "")</td>\
                <td>\(branches ?? "")</td><td><pre>\(line)</pre></td></tr>
                """)
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Coverage of cleanup.c</title><style>
            body { font-family: sans-serif } table { border-collapse: collapse } td { padding: 0 0.5em; text-align: right }
            pre { margin: 0; text-align: left; tab-size: 8 } .never { background: #fbb } .partly { background: #fe9 }
            .whole { background: #dfd }
            </style></head><body>
            <h1>Coverage of cleanup.c</h1>
            <p>\(lines.executed) of \(lines.all) lines, \(branches.taken) of \(branches.all) branches of executed lines.
            The second column is how often a line was executed, the third how many of its branches were taken.</p>
            <table>\(rows.joined())</table></body></html>
            """
    }
}
