// SPDX-License-Identifier: MIT

import SystemPackage

/// The outcomes of the mutants of cleanup.c.
public struct MutantReport: Codable, Sendable {
    public struct Finding: Codable, Equatable, Sendable {
        public enum Verdict: String, Codable, Sendable, CaseIterable {
            /// A check did not pass, or the kernel went down.
            case killed
            /// Every check that reaches it passed.
            case survived
            /// No check reaches it.
            case unreached
            /// It survived or is not reached, and the list says why that is right.
            case equivalent
        }
        public var mutant: Mutant
        public var verdict: Verdict
        /// The check that killed it, and how; or why it is equivalent.
        public var reason: String
        /// The time that a guest spent on it, its share of the guest's boot included; nil where none did.
        public var seconds: Double?
    }

    public var version = 1
    public var release: String
    public var seconds: Double
    public var findings: [Finding]
    /// Entries of the list that are about no mutant that survives.
    public var stale: [String]
    /// Its place among the reports of other shards; nil for all mutants.
    public var place: ShardOfReport?

    init(release: String, seconds: Double, findings: [Finding], stale: [String]) {
        self.release = release
        self.seconds = seconds
        self.findings = findings
        self.stale = stale
    }

    /// - Parameters:
    ///   - known: the list of mutants that no test can kill.
    ///   - isWhole: false where the list may be about others than these.
    init(
        release: String, seconds: Double, findings: [Finding], known: [EquivalentMutant], isWhole: Bool,
        place: ShardOfReport?
    ) {
        var used: Set<String> = []
        let judged = findings.map { finding -> Finding in
            guard finding.verdict != .killed,
                let entry = known.first(where: { $0.mutant == finding.mutant.identity })
            else { return finding }
            used.insert(entry.mutant)
            return .init(
                mutant: finding.mutant, verdict: .equivalent, reason: entry.reason, seconds: finding.seconds)
        }
        self.init(
            release: release, seconds: seconds, findings: judged,
            stale: isWhole ? known.map(\.mutant).filter { !used.contains($0) } : [])
        self.place = place
    }

    /// The report of mutants whose shards were run one by one, perhaps on several machines.
    ///
    /// - Parameter known: the list of mutants that no test can kill.
    /// - Throws: what keeps the files from being all the shards of one job.
    public static func merged(
        _ files: [FilePath], known: [EquivalentMutant]
    ) throws -> MutantReport {
        let parts = try ShardOfReport.parts(
            files, place: { (report: MutantReport) in report.place }, things: { $0.findings.count })
        var findings = parts.flatMap(\.findings)
        // Judged anew below, by the list as it is here.
        for index in findings.indices where findings[index].verdict == .equivalent {
            findings[index].verdict = .survived
        }
        return MutantReport(
            release: Set(parts.map(\.release)).sorted().joined(separator: ", "),
            seconds: parts.map(\.seconds).reduce(0, +), findings: findings, known: known, isWhole: true,
            place: nil)
    }

    /// Tells whether each was killed or is on the list, and the list has nothing else.
    public var isGood: Bool {
        !findings.isEmpty && stale.isEmpty
            && findings.allSatisfy { $0.verdict == .killed || $0.verdict == .equivalent }
    }

    public var lines: [String] {
        let open = findings.filter { $0.verdict == .survived || $0.verdict == .unreached }.map {
            "\($0.verdict.rawValue.uppercased())  \($0.mutant.description)"
        }
        let counts = Finding.Verdict.allCases.map { verdict in
            "\(findings.count { $0.verdict == verdict }) \(verdict.rawValue)"
        }
        let time = GuestTime.suffix(seconds: findings.compactMap(\.seconds).reduce(0, +))
        return open + stale.map { "STALE     not a mutant that survives: \($0)" }
            + ["\(findings.count) mutants: " + counts.joined(separator: ", ") + time]
    }
}

/// An entry of the list of mutants that no test can kill.
public struct EquivalentMutant: Codable, Equatable, Sendable {
    /// As `FUNCTION: ORIGINAL -> REPLACEMENT`.
    public var mutant: String
    /// The argument that it behaves as the code does, or differs in nothing that the contract is about.
    public var reason: String
}
