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

    private func report(_ verdicts: [MutationReport.Finding.Verdict]) -> MutationReport {
        MutationReport(
            release: "r", accelerator: "tcg",
            findings: verdicts.map {
                MutationReport.Finding(
                    name: "m", subject: "s", forbidden: "a lost wakeup", verdict: $0, caughtBy: [], seconds: 1
                )
            })
    }

    @Test func onlyAReportInWhichAllAreCaughtIsGood() {
        #expect(report([.caught, .caught]).isGood)
        #expect(!report([.caught, .survived]).isGood)
        #expect(!report([.unusable]).isGood)
        #expect(!report([]).isGood)
    }

    @Test func survivorIsAMissingTest() {
        let lines = report([.caught, .survived]).lines
        #expect(lines.contains("1 caught, 1 survived, 0 unusable"))
        #expect(lines.last == "MISSING  a test that notices 'm': a lost wakeup")
    }
}
