// SPDX-License-Identifier: MIT

import Foundation

/// What came of the mutations of a series.
public struct MutationReport: Codable, Sendable {
    /// A test that noticed a mutation, and how.
    public struct Catch: Codable, Equatable, Sendable {
        public var test: String
        public var how: String
    }

    /// What came of one mutation.
    public struct Finding: Codable, Equatable, Sendable {
        public enum Verdict: String, Codable, Sendable {
            /// Some test failed, or the kernel reported a fault.
            case caught
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
        /// Why it is unusable.
        public var reason: String?
        /// Seconds for the build and the guests.
        public var seconds: Double
    }

    public var version = 1
    /// `uname -r` of the kernels, and what accelerated their guests.
    public var release: String
    public var accelerator: String
    public var findings: [Finding]

    /// Whether every mutation was caught.
    public var isGood: Bool { !findings.isEmpty && findings.allSatisfy { $0.verdict == .caught } }

    /// The table for people.
    public var lines: [String] {
        let rows = findings.map { finding in
            [finding.name, finding.verdict.rawValue, finding.reason ?? Self.short(finding.caughtBy)]
        }
        let counts = [Finding.Verdict.caught, .survived, .unusable].map { verdict in
            "\(findings.count { $0.verdict == verdict }) \(verdict.rawValue)"
        }
        let missed = findings.filter { $0.verdict == .survived }.map {
            "MISSING  a test that notices '\($0.name)': \($0.forbidden)"
        }
        return TextTable.lines(of: [["MUTATION", "RESULT", "BY"]] + rows) + [""]
            + [counts.joined(separator: ", ")] + missed
    }

    /// The first few who caught a mutation, and how many more there are.
    private static func short(_ all: [Catch]) -> String {
        let shown = 3
        let names = all.prefix(shown).map { $0.test.replacing("SyscallTests.", with: "") }
        return names.joined(separator: ", ") + (all.count > shown ? " and \(all.count - shown) more" : "")
    }

    public var encoded: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self)
        }
    }
}
