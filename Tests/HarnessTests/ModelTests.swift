// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import GuestHarness

/// The command that checks the models, on few of them: `./test` runs all.
@Suite struct ModelTests {
    private let repository: Repository

    init() throws {
        repository = try Repository.containing(FilePath(#filePath))
    }

    /// Runs the command with outcomes of its own.
    private func outcome(of outcomes: String) async throws -> ModelCheck.Outcome {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("outcomes")
            try write(outcomes, to: file)
            // A word that all runs have: without words it would run the litmus tests, too.
            return try await ModelCheck(of: repository, arguments: ["--outcomes", file.string, "reap"]).run()
        }
    }

    @Test func outcomesAsTheyMustBePass() async throws {
        let outcome = try await outcome(
            of: "clean | reap | SC PSO |\nreused | reap | TSO | NOLOOK | unstable\n")
        #expect(outcome == .init(passed: 3, skipped: 0, problems: []))
    }

    /// A model that lost its mutant's violation, a violation of the model itself, and another one than is due.
    @Test(arguments: [
        ("reused | reap | SC | | - a test", "reap SC: clean; must be: reused"),
        ("clean | reap | TSO | NOLOOK", "reap TSO NOLOOK: assertion violated  !(reused); must be: clean"),
        (
            "stale | reap | SC | NOLOOK | - a test",
            "reap SC NOLOOK: assertion violated  !(reused); must be: stale"
        ),
    ])
    func otherOutcomeFails(_ line: String, _ problem: String) async throws {
        let outcome = try await outcome(of: line)
        #expect(outcome == .init(passed: 0, skipped: 0, problems: [problem]))
    }

    @Test func modelThatIsNoPromelaFails() async throws {
        let outcome = try await outcome(of: "reused | reap | SC | R(t,l,d)=(reused | - a test\n")
        #expect(outcome.passed == 0)
        #expect(outcome.problems.count == 1)
        #expect(outcome.problems.first?.contains("spin: ") == true)
    }

    /// The last two are a mutant without a mutation, and one without the reason why.
    @Test(arguments: [
        "clean | nosuch | SC |", "clean | reap | RCU |", "# nothing", "reused | reap | SC | NOLOOK",
        "reused | reap | SC | NOLOOK | -",
    ])
    func uselessOutcomesAreRefused(_ line: String) async {
        await #expect(throws: HarnessError.self) { try await outcome(of: line) }
    }

    @Test func countsAreRead() throws {
        let outcome = try ModelCheck.outcome(of: [
            "skipped litmus a: why", "FAILED b: c", "3 passed, 1 failed, 1 skipped",
        ])
        #expect(outcome == .init(passed: 3, skipped: 1, problems: ["b: c"], reasons: ["litmus a: why"]))
    }

    @Test(arguments: [["1 passed, 1 failed, 0 skipped"], ["0 passed, 0 failed, 9 skipped"], ["Killed"], []])
    func countsThatProveNothingAreRefused(_ lines: [String]) {
        #expect(throws: HarnessError.self) { try ModelCheck.outcome(of: lines) }
    }
}
