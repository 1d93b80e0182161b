// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct MutationTests {
    private func mutation(_ header: String) throws -> Mutation {
        try Mutation(
            name: "m", path: "mutations/m.patch",
            text: "\(header)\n---\ndiff --git a/x b/x\nForbidden: no header\n")
    }

    @Test func headerIsRead() throws {
        let mutation = try mutation("Subject: Break it\nForbidden: a very long\n outcome.\nElse: this\n")
        #expect(mutation.subject == "Break it")
        #expect(mutation.forbidden == "a very long outcome.")
        #expect(mutation.patch.name == "mutations/m.patch")
        #expect(mutation.model == nil)
    }

    @Test func modelIsRead() throws {
        let mutation = try mutation("Subject: a\nForbidden: b\nCaught-by-model: exit NOLOCK\n TWO\n")
        #expect(mutation.model == "exit NOLOCK TWO")
    }

    @Test func mutationMustNameTheForbiddenOutcome() {
        let error = #expect(throws: HarnessError.self) { try mutation("Subject: Break it\n") }
        #expect(
            error?.description == "the mutation mutations/m.patch has no line 'Forbidden: …' before its diff")
    }

    @Test func unknownMutationIsNamed() throws {
        let error = #expect(throws: HarnessError.self) {
            try Mutation.select(["n"], from: [mutation("Subject: a\nForbidden: b\n")])
        }
        #expect(error?.description == "unknown mutation 'n'; known: m")
        #expect(error?.status == .usage)
    }

    @Test func everyMutationOfTheSeriesHasAHeaderAndADiff() throws {
        let root = try Repository.containing(FilePath(#filePath)).root
        let mutations = try Mutation.all(of: root.appending("kernel-patch"))
        #expect(mutations.count > 10)
        for mutation in mutations {
            #expect(mutation.patch.text.contains("\ndiff --git a/"), "\(mutation.name)")
        }
    }

    /// A mutant of a model stands for the mutation only if it is one that must fail, and is named as this mutation.
    @Test func modelThatCatchesAMutationHasItsMutant() throws {
        let series = try Repository.containing(FilePath(#filePath)).root.appending("kernel-patch")
        let outcomes = String(
            decoding: try Files.read(series.appending("model/outcomes")), as: UTF8.self
        ).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.split(separator: " ").map(String.init)
            }
        }
        let mutations = try Mutation.all(of: series).filter { $0.model != nil }
        #expect(!mutations.isEmpty)
        for mutation in mutations {
            let words = Set(mutation.model!.split(separator: " ").map(String.init))
            let selected = outcomes.filter { words.isSubset(of: $0.dropFirst().prefix(3).joined()) }
            #expect(!selected.isEmpty, "\(mutation.name)")
            for line in selected {
                #expect(line.count == 5 && line[4] == [mutation.name], "\(mutation.name): \(line)")
                #expect(line[0] != ["clean"], "\(mutation.name): \(line)")
            }
        }
    }

    private func report(_ verdicts: [MutationReport.Finding.Verdict]) -> MutationReport {
        MutationReport(
            release: "r", accelerator: "tcg",
            findings: verdicts.map {
                MutationReport.Finding(
                    name: "m", subject: "s", forbidden: "a lost wakeup", verdict: $0, caughtBy: [],
                    model: "exit NOLOCK", seconds: 1)
            })
    }

    @Test func onlyAReportInWhichAllAreCaughtIsGood() {
        #expect(report([.caught, .caught]).isGood)
        #expect(report([.caught, .byModel]).isGood)
        #expect(!report([.caught, .survived]).isGood)
        #expect(!report([.unusable]).isGood)
        #expect(!report([]).isGood)
    }

    @Test func survivorIsAMissingTest() {
        let lines = report([.caught, .survived]).lines
        #expect(lines.contains("1 caught, 0 by the model, 1 survived, 0 unusable"))
        #expect(lines.last == "MISSING  a test that notices 'm': a lost wakeup")
    }

    @Test func mutationThatItsModelShowsIsNoMissingTest() {
        let lines = report([.byModel]).lines
        #expect(lines.contains { $0.contains(/^m +by the model +model\/check exit NOLOCK$/) })
        #expect(lines.last == "0 caught, 1 by the model, 0 survived, 0 unusable")
    }

    @Test func modelCountsOnlyWhenItWasRunAndShowsTheOutcome() throws {
        let mutation = try mutation("Subject: a\nForbidden: b\nCaught-by-model: exit NOLOCK\n")
        func finding(
            _ catches: [MutationReport.Catch], _ model: ModelCheck.Outcome?
        ) -> MutationReport.Finding {
            .init(of: mutation, by: catches, model: model, seconds: 1)
        }
        let shown = ModelCheck.Outcome(passed: 2, skipped: 0, problems: [])
        #expect(finding([], shown).verdict == .byModel)
        #expect(finding([], nil).verdict == .survived)
        #expect(finding([], .init(passed: 0, skipped: 2, problems: [])).verdict == .survived)
        let broken = finding([], .init(passed: 1, skipped: 0, problems: ["exit TSO NOLOCK: clean"]))
        #expect(broken.verdict == .survived)
        #expect(broken.reason == "exit TSO NOLOCK: clean")
        #expect(finding([.init(test: "t", how: "h")], nil).verdict == .caught)
    }
}

@Suite struct MutationWorldsTests {
    private func finding(_ worlds: Int?...) -> MutationWorlds.Finding {
        .init(mutation: "m", worlds: worlds, reason: "why")
    }

    @Test func medianCountsWorldsThatWereNotEnoughAsMany() {
        #expect(finding(3, 1, 2).median == 2)
        #expect(finding(3, nil, 2).median == 3)
        #expect(finding(3, nil, nil).median == nil)
        let report = MutationWorldsReport(budget: 9, findings: [finding(3, nil, 2)], place: nil)
        #expect(report.lines[1].hasPrefix("m         3 - 2   3"))
        #expect(report.markdown.last == "| `m` | 3 |")
    }

    @Test func eachIsNoticedOrItsFileSaysWhyNot() {
        var exempt = finding(nil, nil, nil)
        exempt.exemption = "nobody sees it"
        func report(_ findings: MutationWorlds.Finding...) -> MutationWorldsReport {
            .init(budget: 9, findings: findings, place: nil)
        }
        #expect(report(finding(3, 1, 2), exempt).isGood)
        #expect(report(finding(3, 1, 2), exempt).figures.hasPrefix("1 of 2 noticed, half of them within 2"))
        #expect(report(exempt).markdown.last == "| `m` | nobody sees it |")
        exempt.seconds = 150
        #expect(report(exempt, exempt).figures == "0 of 2 noticed; 2 cannot be; 5 minutes of guests")
        #expect(!report(finding(nil, nil, 2)).isGood)
        #expect(report(finding(nil, nil, 2)).lines.last?.hasPrefix("MISSING") == true)
        var outdated = finding(1, 2, 3)
        outdated.exemption = "nobody sees it"
        #expect(!report(outdated).isGood)
        #expect(report(outdated).lines.last?.hasPrefix("OUTDATED") == true)
    }

    @Test func mutationThatWorldsCannotNoticeGetsATenthOfTheBudget() throws {
        func mutation(_ last: String) throws -> Mutation {
            try Mutation(name: "m", path: "m", text: "Subject: a\nForbidden: b\n\(last)\n---\n")
        }
        let (one, exempt) = try (mutation("Caught-by-model: exit"), mutation("Not-in-worlds: c"))
        #expect(MutationWorlds.share(of: 3000, for: nil) == 3000)
        #expect(MutationWorlds.share(of: 3000, for: one) == 3000)
        #expect(MutationWorlds.share(of: 3000, for: exempt) == 300)
        #expect(MutationWorlds.share(of: 9, for: exempt) == 1)
    }

    @Test func shardsOfWorldsAreMerged() async throws {
        try await withTemporaryDirectory { root in
            let files = try (1...2).map { number in
                let place = ShardOfReport(shard: try Shard("\(number)/2"), all: 2, plan: "p")
                let file = root.appending("\(number).json")
                try Files.write(
                    json: MutationWorldsReport(budget: 9, findings: [finding(number)], place: place), to: file
                )
                return file
            }
            #expect(try MutationWorldsReport.merged(files).findings.map(\.median) == [1, 2])
            #expect(throws: HarnessError.self) { try MutationWorldsReport.merged([files[0]]) }
        }
    }
}
