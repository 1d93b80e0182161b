// SPDX-License-Identifier: MIT

import SystemPackage

/// After how many random worlds each mutation was noticed.
public struct MutationWorldsReport: Codable, Equatable, Sendable {
    public var version = 1
    /// The number of worlds after which an exploration gave up.
    public var budget: Int
    public var findings: [MutationWorlds.Finding]
    /// Its place among the reports of other shards; nil for all mutations.
    public var place: ShardOfReport?

    public init(budget: Int, findings: [MutationWorlds.Finding], place: ShardOfReport?) {
        self.budget = budget
        self.findings = findings
        self.place = place
    }

    /// Tells whether each was noticed that has to be, and none that cannot be.
    public var isGood: Bool { !findings.isEmpty && findings.allSatisfy(\.isAsExpected) }

    public var figures: String {
        let noticed = findings.compactMap(\.median).sorted()
        let exempt = findings.count { $0.exemption != nil }
        return "\(noticed.count) of \(findings.count) noticed"
            + (noticed.isEmpty
                ? ""
                : ", half of them within \(noticed[noticed.count / 2]) worlds, all within \(noticed.last!)")
            + "; \(exempt) cannot be" + GuestTime.suffix(seconds: findings.map(\.seconds).reduce(0, +))
    }

    /// The table for people, and what is not as it has to be.
    public var lines: [String] {
        let rows =
            [["MUTATION", "WORLDS", "MEDIAN", "NOTICED FIRST"]]
            + findings.map { finding in
                [
                    finding.mutation,
                    finding.worlds.map { $0.map(String.init) ?? "-" }.joined(separator: " "),
                    finding.median.map(String.init) ?? "-", String((finding.reason ?? "").prefix(100)),
                ]
            }
        let problems = findings.filter { !$0.isAsExpected }.map { finding in
            finding.exemption == nil
                ? "MISSING  no world noticed '\(finding.mutation)'; if none can, its line 'Not-in-worlds: …' says why"
                : "OUTDATED  worlds noticed '\(finding.mutation)', of which its file says that they cannot"
        }
        return TextTable.lines(of: rows) + [""] + [figures] + problems
    }

    /// The same as a table of Markdown.
    public var markdown: [String] {
        ["| mutation | worlds until it is noticed, in the median of three runs |", "|---|---|"]
            + findings.map { finding in
                "| `\(finding.mutation)` | \(finding.median.map(String.init) ?? finding.exemption ?? "not noticed") |"
            }
    }

    /// The report of all shards.
    ///
    /// - Throws: what keeps the files from being all the shards of one job.
    public static func merged(_ files: [FilePath]) throws -> MutationWorldsReport {
        let parts = try ShardOfReport.parts(
            files, place: { (report: MutationWorldsReport) in report.place }, things: { $0.findings.count })
        guard Set(parts.map(\.budget)).count == 1 else {
            throw HarnessError("cannot merge: the shards had different budgets", status: .usage)
        }
        return MutationWorldsReport(budget: parts[0].budget, findings: parts.flatMap(\.findings), place: nil)
    }
}
