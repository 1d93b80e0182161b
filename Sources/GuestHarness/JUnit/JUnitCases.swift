// SPDX-License-Identifier: MIT

extension JUnitReport.Suite {
    /// A run of tests, each as what `expectation` makes of it; and, if something beside them went wrong, one case for it.
    ///
    /// - Parameter isWhole: true if every test was asked for.
    public init(
        of run: SuiteRunner.Run, name: String, expectation: SuiteExpectation, isWhole: Bool = true
    ) {
        let tests = run.results.tests.map { test in
            let parts = test.name.split(separator: "/")
            let result: JUnitReport.Case.Result
            switch (expectation.problem(with: test), test.verdict) {
            case (let problem?, .broken): result = .broken(problem)
            case (let problem?, _): result = .failed(problem)
            case (nil, .skipped(let reason)): result = .skipped(reason: reason)
            case (nil, _): result = .passed
            }
            return JUnitReport.Case(
                parts.last.map(String.init) ?? test.name,
                in: parts.dropLast().joined(separator: "."), seconds: test.seconds, result)
        }
        var problems = expectation.problems(withRunOf: run.results, isWhole: isWhole) + run.extraProblems
        problems += run.faults.map { "the kernel reported: \($0.text) (console.log line \($0.line))" }
        if let message = run.message { problems.append(message) }
        self.init(name: name, cases: tests)
        if !problems.isEmpty {
            cases.append(
                .init(
                    "the run", in: name,
                    .failed((problems + ["see \(run.directory)"]).joined(separator: "\n"))))
        }
    }

    /// A check of its own: a lint, a build.
    init(check name: String, problem: String? = nil) {
        self.init(name: name, cases: [.init(name, in: name, problem.map { .failed($0) } ?? .passed)])
    }

    /// The models, which are counted and named only where they did not pass.
    init(of outcome: ModelCheck.Outcome, name: String) {
        let passed = (0..<outcome.passed).map { JUnitReport.Case("passed \($0 + 1)", in: name, .passed) }
        self.init(
            name: name,
            cases: passed + outcome.problems.map { .init($0, in: name, .failed($0)) }
                + outcome.reasons.map { .init($0, in: name, .skipped(reason: $0)) })
    }
}

extension JUnitReport {
    /// A comparison: a suite for each kernel, a case for each cell, and one for the comparison as a whole.
    public init(of report: ComparisonReport) {
        let suites = report.kernels.map { kernel in
            Suite(
                name: kernel.name,
                cases: report.cells.filter { $0.kernel == kernel.name }.map { cell in
                    Case(
                        cell.scenario.identifier, in: kernel.name, seconds: cell.cell.seconds,
                        Self.result(of: cell))
                })
        }
        let problems = report.verdict.problems
        let whole = Case(
            "the comparison shows the bug and its repair", in: "comparison",
            problems.isEmpty ? .passed : .failed(problems.joined(separator: "\n")))
        self.init(name: "compare", suites: suites + [Suite(name: "comparison", cases: [whole])])
    }

    private static func result(of cell: ComparedCell) -> Case.Result {
        let problems = cell.problems.joined(separator: "\n")
        switch (cell.problems.isEmpty, cell.cell.verdict) {
        case (false, .broken): return .broken(problems)
        case (false, _): return .failed(problems)
        case (true, .cannotRun): return .skipped(reason: cell.cell.reason ?? cell.expected)
        case (true, _): return .passed
        }
    }
}
