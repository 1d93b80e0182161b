// SPDX-License-Identifier: MIT

import Testing

@testable import GuestHarness

struct LintTableTests {
    @Test func countsWhatDidNotRunApartFromWhatPassed() {
        var table = LintTable(patches: 2)
        table.record("git am", patch: 0, .ok)
        table.record("sparse", patch: 0, .unchecked("there is no sparse"))
        table.record("sparse", patch: 1, .unchecked("there is no sparse"))
        #expect((table.passed, table.failed, table.unchecked) == (1, 0, 2))
        #expect(table.isGood)
        #expect(table.lines.last == "1 ok, 0 failed, 2 could not be checked")
        #expect(table.lines.contains("could not check: sparse, patches 1 2: there is no sparse"))
    }

    @Test func isNotGoodWithAFailure() {
        var table = LintTable(patches: 1)
        table.record("git am", patch: 0, .ok)
        table.record("codespell", .failed("teh ==> the"))
        #expect(!table.isGood)
        #expect(table.lines.contains("FAILED: codespell: teh ==> the"))
    }

    @Test func isNotGoodWhenNothingWasChecked() {
        var table = LintTable(patches: 1)
        #expect(!table.isGood)
        table.record("git am", patch: 0, .unchecked("no git"))
        #expect(!table.isGood)
    }

    @Test func lastVerdictOfACellCounts() {
        var table = LintTable(patches: 1)
        table.record("i386", patch: 0, .ok)
        table.record("i386", patch: 0, .failed("a.c: warning: x"))
        #expect((table.passed, table.failed) == (0, 1))
    }

    @Test func showsEachPatchInItsColumn() {
        var table = LintTable(patches: 2)
        table.record("git am", patch: 1, .failed("a\nb"))
        table.record("man", .ok)
        #expect(
            table.lines.prefix(3) == [
                "        1      2      series", "git am  -      FAILED -", "man     -      -      ok",
            ])
        #expect(table.lines.contains("    b"))
    }

    @Test func missingProgramIsNoPass() async throws {
        let verdict = try await LintVerdict.of {
            _ = try await Tool("no-such-checker", []).output()
            return .ok
        }
        guard case .unchecked(let reason) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(reason.contains("no-such-checker"))
    }

    @Test func interruptionIsNoVerdict() async {
        let task = Task {
            try await LintVerdict.of {
                try await Task.sleep(for: .seconds(600))
                return .ok
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func findingsFail() {
        #expect(LintVerdict(findings: []) == .ok)
        #expect(LintVerdict(findings: ["a", "b"]) == .failed("a\nb"))
    }
}
