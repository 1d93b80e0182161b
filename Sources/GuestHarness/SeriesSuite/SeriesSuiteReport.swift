// SPDX-License-Identifier: MIT

import Foundation

/// The results of the suite and the selftest on the kernel at each patch of a series.
public struct SeriesSuiteReport: Codable, Sendable {
    /// The tests of one kind, by verdict.
    struct Tests: Codable, Equatable, Sendable {
        var passed: [String] = []
        var failed: [String] = []
        /// By the reason that was given.
        var skipped: [String: [String]] = [:]

        var counts: [String] {
            [passed.count, failed.count, skipped.values.map(\.count).reduce(0, +)].map(String.init)
        }
    }

    /// The outcome on the kernel with a patch and all before it.
    struct Finding: Codable, Sendable {
        var suite: Tests
        var selftest: Tests
        var problems: [String]
        var release: String
        var accelerator: String
        var seconds: Double
    }

    struct Patch: Codable, Sendable {
        var number: Int
        var subject: String
        /// The features that the series does not have yet at this patch.
        var missing: [SeriesFeature]
        /// The patch changes nothing of the kernel, whose finding is that of the patch before.
        var isSameKernel: Bool
        var finding: Finding
        /// The tests that pass here and did not at the patch before.
        var added: [String] = []
        /// The tests that passed at the patch before and do not here.
        var lost: [String] = []
    }

    var version = 1
    var base: String
    private(set) var patches: [Patch] = []

    init(base: String) {
        self.base = base
    }

    mutating func add(_ stage: FeaturePatches.Stage, _ finding: Finding) {
        func passed(_ finding: Finding?) -> [String] {
            guard let finding else { return [] }
            return finding.suite.passed.sorted() + finding.selftest.passed.sorted().map { "selftest \($0)" }
        }
        let (now, before) = (passed(finding), passed(patches.last?.finding))
        let old = Set(before)
        let new = Set(now)
        patches.append(
            Patch(
                number: stage.length, subject: stage.subject, missing: stage.missing.map(\.feature),
                isSameKernel: stage.isSameKernel, finding: finding,
                added: now.filter { !old.contains($0) }, lost: before.filter { !new.contains($0) }))
    }

    /// The problems at all patches, one line each.
    var problems: [String] {
        patches.filter { !$0.isSameKernel }.flatMap { patch in
            (patch.finding.problems + patch.lost.map { "\($0): passed at the patch before" })
                .map { "patch \(patch.number): \($0)" }
        }
    }

    /// True when at each patch everything passed except for features still missing, and the last patch lacks none.
    public var isGood: Bool {
        guard let last = patches.last else { return false }
        return problems.isEmpty && last.missing.isEmpty
            && patches.allSatisfy { !$0.finding.suite.passed.isEmpty }
    }

    /// The table for people, then what each patch adds and leaves out, then what is wrong.
    public var lines: [String] {
        let counts = ["passed", "failed", "skipped"]
        let head = ["PATCH", "SUITE"] + counts + ["SELFTEST"] + counts
        let rows = patches.map { patch in
            ["\(patch.number) \(patch.subject)", ""] + patch.finding.suite.counts + [""]
                + patch.finding.selftest.counts
        }
        let total = "\(patches.count) patches, \(problems.count) problems"
        let end = problems.map { "WRONG    \($0)" } + [total]
        return TextTable.lines(of: [head] + rows) + patches.flatMap(Self.details) + [""] + end
    }

    private static func details(of patch: Patch) -> [String] {
        let title = ["", "patch \(patch.number): \(patch.subject)"]
        if patch.isSameKernel { return title + ["    changes nothing of the kernel"] }
        let kinds = [("", patch.finding.suite), ("selftest, ", patch.finding.selftest)]
        let skips = kinds.flatMap { kind, tests in
            tests.skipped.sorted { $0.key < $1.key }.map { "    skips \($1.count) (\(kind)\($0))" }
        }
        return title + skips + ["    adds \(patch.added.count)" + (patch.added.isEmpty ? "" : ":")]
            + patch.added.map { "        \($0.replacing("SyscallTests.", with: ""))" }
    }

    public var encoded: Data {
        get throws { try Files.json(self) }
    }
}
