// SPDX-License-Identifier: MIT

import SystemPackage

/// The outcomes of the mutations of a series.
public struct MutationReport: Codable, Sendable {
    /// A test that noticed a mutation, and how.
    public struct Catch: Codable, Equatable, Sendable {
        public var test: String
        public var how: String
    }

    /// The outcome of one mutation.
    public struct Finding: Codable, Equatable, Sendable {
        public enum Verdict: String, Codable, Sendable {
            /// Some test failed, or the kernel reported a fault.
            case caught
            /// Everything passed, as it has to: a protocol model shows the forbidden outcome.
            case byModel = "by the model"
            /// Everything passed: a test is missing.
            case survived
            /// The mutation does not apply or does not compile any more.
            case unusable
        }
        public var name: String
        public var subject: String
        public var forbidden: String
        public var verdict: Verdict
        public var caughtBy: [Catch]
        /// The model that shows it, as `kernel-patch/model/check` selects it.
        public var model: String?
        /// The reason why it is unusable, or why its model did not show it; nil when there is none.
        public var reason: String?
        /// Seconds for the build and the guests.
        public var seconds: Double
    }

    public var version = 1
    /// `uname -r` of the kernels, and what accelerated their guests.
    public var release: String
    public var accelerator: String
    public var findings: [Finding]
    /// Its place among the reports of other shards; nil for all mutations.
    public var place: ShardOfReport?

    /// Tells whether every mutation was caught, by a test or by its model.
    public var isGood: Bool {
        !findings.isEmpty && findings.allSatisfy { $0.verdict == .caught || $0.verdict == .byModel }
    }

    /// The number of findings of each verdict.
    public var counts: String {
        [Finding.Verdict.caught, .byModel, .survived, .unusable].map { verdict in
            "\(findings.count { $0.verdict == verdict }) \(verdict.rawValue)"
        }.joined(separator: ", ")
    }

    /// The table for people.
    public var lines: [String] {
        let rows = findings.map { finding in
            [finding.name, finding.verdict.rawValue, finding.reason ?? Self.catcher(of: finding)]
        }
        let missed = findings.filter { $0.verdict == .survived }.map {
            "MISSING  a test that notices '\($0.name)': \($0.forbidden)"
        }
        return TextTable.lines(of: [["MUTATION", "RESULT", "BY"]] + rows) + [""]
            + [counts] + missed
    }

    private static func catcher(of finding: Finding) -> String {
        guard finding.verdict == .byModel, let model = finding.model else { return short(finding.caughtBy) }
        return "model/check \(model)"
    }

    /// The first few who caught a mutation, and how many more there are.
    private static func short(_ all: [Catch]) -> String {
        let shown = 3
        let names = all.prefix(shown).map { $0.test.replacing("SyscallTests.", with: "") }
        return names.joined(separator: ", ") + (all.count > shown ? " and \(all.count - shown) more" : "")
    }
}

extension MutationReport.Finding {
    init(of mutation: Mutation, _ verdict: Verdict, reason: String?) {
        self.init(
            name: mutation.name, subject: mutation.subject, forbidden: mutation.forbidden, verdict: verdict,
            caughtBy: [], model: mutation.model, reason: reason, seconds: 0)
    }

    /// The outcome of a mutation that was built and run.
    ///
    /// - Parameters:
    ///   - catches: the tests that noticed it.
    ///   - model: the outcome of its model, if it has one and no test noticed it.
    init(
        of mutation: Mutation, by catches: [MutationReport.Catch], model: ModelCheck.Outcome?, seconds: Double
    ) {
        self.init(of: mutation, .survived, reason: nil)
        caughtBy = catches
        self.seconds = seconds
        if !catches.isEmpty {
            verdict = .caught
        } else if let model, model.problems.isEmpty, model.passed > 0 {
            verdict = .byModel
        } else {
            reason = model?.problems.first
        }
    }
}

extension MutationReport {
    /// The report of mutations whose shards were run one by one, perhaps on several machines.
    ///
    /// - Throws: what keeps the files from being all the shards of one job.
    public static func merged(_ files: [FilePath]) throws -> MutationReport {
        let parts = try ShardOfReport.parts(
            files, place: { (report: MutationReport) in report.place }, things: { $0.findings.count })
        func all(_ part: KeyPath<MutationReport, String>) -> String {
            Set(parts.map { $0[keyPath: part] }).sorted().joined(separator: ", ")
        }
        return MutationReport(
            release: all(\.release), accelerator: all(\.accelerator), findings: parts.flatMap(\.findings))
    }
}
