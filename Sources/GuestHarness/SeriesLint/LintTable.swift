// SPDX-License-Identifier: MIT

/// The outcome of `kernel-patch/check`: checks down, patches across.
public struct LintTable: Sendable {
    /// The patches, as numbers, then what concerns all of them at once.
    public let columns: [String]
    private var names: [String] = []
    private var cells: [String: [String: LintVerdict]] = [:]
    private var notes: [String] = []

    public static let series = "series"

    public init(patches: Int) {
        columns = (0..<patches).map { "\($0 + 1)" } + [Self.series]
    }

    /// Records what `check` says about the patch with index `patch`, or about the series when nil.
    public mutating func record(_ check: String, patch: Int? = nil, _ verdict: LintVerdict) {
        let column = patch.map { columns[$0] } ?? Self.series
        if cells[check] == nil { names.append(check) }
        cells[check, default: [:]][column] = verdict
    }

    /// Something that was found and does not count, with the reason.
    public mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    private var all: [(check: String, column: String, verdict: LintVerdict)] {
        names.flatMap { name in
            columns.compactMap { column in cells[name]?[column].map { (name, column, $0) } }
        }
    }

    private func count(_ isCounted: (LintVerdict) -> Bool) -> Int {
        all.count { isCounted($0.verdict) }
    }

    public var passed: Int { count { $0 == .ok } }
    public var failed: Int { count { if case .failed = $0 { true } else { false } } }
    public var unchecked: Int { count { if case .unchecked = $0 { true } else { false } } }

    /// Nothing failed, and something was checked.
    public var isGood: Bool { failed == 0 && passed > 0 }

    /// The table; then, each in lines of its own, what failed, what was not checked, what was accepted.
    public var lines: [String] {
        let first = (names.map(\.count).max() ?? 0) + 2
        func row(_ name: String, _ words: [String]) -> String {
            let line = pad(name, first) + zip(words, columns).map { pad($0, max($1.count, 6) + 1) }.joined()
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        var lines = [row("", columns)]
        for name in names {
            lines.append(row(name, columns.map { cells[name]?[$0]?.word ?? "-" }))
        }
        lines.append("")
        lines += explanations("FAILED") { if case .failed(let reason) = $0 { reason } else { nil } }
        lines += explanations("could not check") {
            if case .unchecked(let reason) = $0 { reason } else { nil }
        }
        lines += notes.map { "accepted: \($0)" }
        lines.append("\(passed) ok, \(failed) failed, \(unchecked) could not be checked")
        return lines
    }

    /// The reasons that `reason` finds in the verdicts; one that several patches share comes once.
    private func explanations(_ word: String, _ reason: (LintVerdict) -> String?) -> [String] {
        var places: [(check: String, reason: String, patches: [String])] = []
        for (check, column, verdict) in all {
            guard let reason = reason(verdict) else { continue }
            if let index = places.firstIndex(where: { $0.check == check && $0.reason == reason }) {
                places[index].patches.append(column)
            } else {
                places.append((check, reason, [column]))
            }
        }
        return places.flatMap { check, reason, columns in
            let patches = columns.filter { $0 != Self.series }
            let kind = patches.count == 1 ? ", patch " : ", patches "
            let place = "\(word): \(check)" + (patches.isEmpty ? "" : kind + patches.joined(separator: " "))
            let parts = reason.split(separator: "\n").map(String.init)
            return parts.count < 2 ? ["\(place): \(reason)"] : ["\(place):"] + parts.map { "    \($0)" }
        }
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
