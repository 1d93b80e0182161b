// SPDX-License-Identifier: MIT

import Foundation

/// Selftest runs side by side: the series must change no result but that of the test it brings.
public struct SelftestComparison: Sendable {
    public let runs: [SelftestRun.KernelRun]
    /// Reasons for which tests of the series' own may be skipped where it is.
    let skipsAllowed: [String]

    /// - Parameter skipsAllowed: for kernels with a part of the series only.
    public init(_ runs: [SelftestRun.KernelRun], skipsAllowed: [String] = []) {
        self.runs = runs
        self.skipsAllowed = skipsAllowed
    }

    /// Unexpected results, one line each; empty when there are none.
    public var problems: [String] {
        runs.flatMap { run in
            run.problems.map { "\(run.kernel): \($0); see \(run.directory)" } + ownTest(run)
        } + differences
    }

    /// The series' own test passes where the series is, and is skipped where not.
    private func ownTest(_ run: SelftestRun.KernelRun) -> [String] {
        let wanted: KTAP.Result.Verdict = run.patched ? .passed : .skipped
        let all = run.findings.filter { $0.program == SelftestPrograms.ofTheSeries }
        // Skipped tests make a program that passes or is skipped, by the harness of the tree.
        let tests = all.filter { $0.test != nil }
        let judged = tests.isEmpty ? all : tests
        return judged.filter { finding in
            let isAllowed = finding.verdict == .skipped && skipsAllowed.contains(finding.remark)
            return finding.verdict != wanted && !isAllowed
        }.map {
            "\(run.kernel): \($0.name) \($0.verdict.rawValue), must be \(wanted.rawValue)"
                + ($0.remark.isEmpty ? "" : " (\($0.remark))")
        }
    }

    /// The kernel without the series to hold `run` against: of the same base, and of the same config if there is one.
    private func stock(for run: SelftestRun.KernelRun) -> SelftestRun.KernelRun? {
        let candidates = runs.filter {
            $0.base == run.base && $0.architecture == run.architecture && !$0.patched
        }
        return candidates.first { $0.config == run.config } ?? candidates.first
    }

    /// All others: as on the stock kernel; where none ran, none may fail.
    private var differences: [String] {
        runs.flatMap { run -> [String] in
            let others = run.findings.filter { $0.program != SelftestPrograms.ofTheSeries }
            guard let stock = stock(for: run) else {
                return others.filter { $0.verdict == .failed }.map {
                    "\(run.kernel): \($0.name) failed (\($0.remark)); no stock kernel ran to compare with"
                }
            }
            if stock.kernel == run.kernel { return [] }
            let mine = Self.verdicts(others)
            let theirs = Self.verdicts(
                stock.findings.filter { $0.program != SelftestPrograms.ofTheSeries })
            return Set(mine.keys).union(theirs.keys).sorted().compactMap { name in
                let (here, there) = (mine[name]?.rawValue ?? "absent", theirs[name]?.rawValue ?? "absent")
                return here == there
                    ? nil : "\(name): \(here) on \(run.kernel), \(there) on \(stock.kernel)"
            }
        }
    }

    private static func verdicts(_ findings: [SelftestFinding]) -> [String: KTAP.Result.Verdict] {
        Dictionary(findings.map { ($0.name, $0.verdict) }, uniquingKeysWith: Self.worse)
    }

    /// Of tests with the same name the one that went worst counts.
    private static func worse(
        _ one: KTAP.Result.Verdict, _ other: KTAP.Result.Verdict
    ) -> KTAP.Result.Verdict {
        [KTAP.Result.Verdict.failed, .skipped].first { one == $0 || other == $0 } ?? .passed
    }

    /// The table for people: a row a test, a column a kernel.
    public var lines: [String] {
        var names: [String] = []
        for finding in runs.flatMap(\.findings) where !names.contains(finding.name) {
            names.append(finding.name)
        }
        let columns = runs.map { Self.verdicts($0.findings) }
        var rows = [["TEST"] + runs.map(\.kernel)]
        for name in names.sorted() { rows.append([name] + columns.map { $0[name]?.rawValue ?? "absent" }) }
        return TextTable.lines(of: rows) + [""] + runs.map(Self.counts) + remarks
    }

    private static func counts(of run: SelftestRun.KernelRun) -> String {
        let counts = SelftestFinding.counts(run.findings).map { "\($0.count) \($0.verdict.rawValue)" }
        return "\(run.kernel): \(counts.joined(separator: ", "))"
    }

    /// Reasons of skipped tests, and tests that did not always pass; each once.
    private var remarks: [String] {
        var lines: [String] = []
        for run in runs {
            for finding in run.findings where finding.verdict != .failed && !finding.remark.isEmpty {
                let name = finding.verdict == .skipped ? finding.program : finding.name
                let line = "\(finding.verdict.rawValue) \(name) on \(run.kernel): \(finding.remark)"
                if !lines.contains(line) { lines.append(line) }
            }
        }
        return lines
    }

    static func encoded(_ value: some Encodable) throws -> Data {
        try Files.json(value)
    }

    /// The runs and what is wrong with them, for other programs.
    public var encoded: Data {
        get throws { try Self.encoded(Report(version: 1, runs: runs, problems: problems)) }
    }

    private struct Report: Encodable {
        var version: Int
        var runs: [SelftestRun.KernelRun]
        var problems: [String]
    }
}
