// SPDX-License-Identifier: MIT

/// Counts what a whole test run brought, and keeps what to show of it at the end.
public struct Tally: Sendable {
    public private(set) var passed = 0
    public private(set) var failed = 0
    public private(set) var skipped = 0
    /// One line for each failure.
    public private(set) var problems: [String] = []
    /// The same by name, one suite for each thing that was added.
    public private(set) var suites: [JUnitReport.Suite] = []

    public init() {}

    public var isGood: Bool { failed == 0 && passed > 0 }

    /// The last line of `./test`.
    public var summary: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }

    /// A check of its own: a lint, a build.
    public mutating func pass(_ name: String) {
        passed += 1
        suites.append(.init(check: name))
    }

    /// - Parameter name: of the check that failed.
    public mutating func fail(_ problem: String, of name: String) {
        fail(problem)
        suites.append(.init(check: name, problem: problem))
    }

    private mutating func fail(_ problem: String) {
        failed += 1
        problems.append(problem)
    }

    /// The models: each run of one counts.
    mutating func add(_ outcome: ModelCheck.Outcome, name: String) {
        suites.append(.init(of: outcome, name: name))
        passed += outcome.passed
        skipped += outcome.skipped
        for problem in outcome.problems { fail("\(name): \(problem)") }
    }

    /// A run of tests: each counts once, as what `expectation` makes of it.
    public mutating func add(_ run: SuiteRunner.Run, name: String, expectation: SuiteExpectation) {
        suites.append(.init(of: run, name: name, expectation: expectation))
        for test in run.results.tests {
            if let problem = expectation.problem(with: test) {
                fail("\(name): \(test.name): \(problem)")
            } else if case .skipped = test.verdict {
                skipped += 1
            } else {
                passed += 1
            }
        }
        for problem in expectation.problems(withRunOf: run.results) + run.extraProblems {
            fail("\(name): \(problem); see \(run.directory)")
        }
        for fault in run.faults {
            fail(
                "\(name): the kernel reported: \(fault.text) (console.log line \(fault.line)); see \(run.directory)"
            )
        }
        if let message = run.message { fail("\(name): \(message)") }
    }
}
