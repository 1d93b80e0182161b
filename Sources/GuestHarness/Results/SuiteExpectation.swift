// SPDX-License-Identifier: MIT

/// What a run of the syscall suite must show, by kind of kernel. The only place that says so.
///
/// The suite's part of the bargain: tests in a suite type called `WithoutSyscall` are for kernels
/// that lack the syscall, those in `AnyKernel` for every kernel, `Completeness` compares the suite with
/// the catalogue of checks and touches no kernel; all others need the syscall.
public enum SuiteExpectation: String, Codable, Sendable {
    /// Every test passes; only `WithoutSyscall` may, and must, be skipped.
    case syscallPresent
    /// Every test that needs the syscall is skipped with its reason, none passes; the others pass.
    case syscallAbsent
    /// No test fails; one that cannot run on this machine is skipped and says why.
    case host

    /// What a run on a kernel of the catalogue must show.
    public init(of kernel: Catalogue.Kernel) {
        self = kernel.patched ? .syscallPresent : .syscallAbsent
    }

    /// What is wrong with `results`, one line each; empty when the run is as it must be.
    public func violations(in results: SuiteResults) -> [String] {
        problems(withRunOf: results)
            + results.tests.compactMap { test in problem(with: test).map { "\(test.name): \($0)" } }
    }

    /// What is wrong with the run as a whole.
    func problems(withRunOf results: SuiteResults) -> [String] {
        var problems: [String] = []
        if results.tests.isEmpty { problems.append("no test ran") }
        if !results.runEnded { problems.append("the test runner did not get to its end") }
        if results.unreadable > 0 {
            problems.append("\(results.unreadable) unreadable lines in the event stream")
        }
        return problems
    }

    /// Whether the test is to be skipped in such a run.
    func isSkipExpected(_ test: TestResult) -> Bool {
        let suites = test.id.split(separator: "/").first?.split(separator: ".").dropFirst() ?? []
        let nested = test.id.split(separator: "/").dropFirst().dropLast()
        let names = Set((suites + nested).map(String.init))
        switch self {
        case .host:
            if case .skipped = test.verdict { return true }
            return false
        case .syscallPresent: return names.contains("WithoutSyscall")
        case .syscallAbsent: return names.isDisjoint(with: ["WithoutSyscall", "AnyKernel", "Completeness"])
        }
    }

    func problem(with test: TestResult) -> String? {
        switch (test.verdict, isSkipExpected(test)) {
        case (.passed, false): nil
        case (.passed, true): "passed, though it cannot have on this kernel"
        case (.skipped(let reason), true): reason.isEmpty ? "skipped without a reason" : nil
        case (.skipped(let reason), false): "skipped: \(reason)"
        case (.failed(let issues), _): "failed: \(issues.joined(separator: " | "))"
        case (.broken(let reason), _): "broken: \(reason)"
        }
    }
}
