// SPDX-License-Identifier: MIT

/// What a run of the syscall suite must show, by kind of kernel. The only place that says so.
///
/// The suite's part of the bargain: tests in a suite type called `WithoutSyscall` are for kernels
/// that lack the syscall, those in `AnyKernel` for every kernel, all others need the syscall.
public enum Expectation: String, Codable, Sendable {
    /// Every test passes; only `WithoutSyscall` may, and must, be skipped.
    case syscallPresent
    /// Every test that needs the syscall is skipped with its reason, none passes; the others pass.
    case syscallAbsent
    /// Every test passes, none is skipped: tests of the harness and the libraries.
    case allPass

    /// What is wrong with `results`, one line each; empty when the run is as it must be.
    public func violations(in results: SuiteResults) -> [String] {
        var violations: [String] = []
        if results.tests.isEmpty { violations.append("no test ran") }
        if !results.runEnded { violations.append("the test runner did not get to its end") }
        if results.unreadable > 0 {
            violations.append("\(results.unreadable) unreadable lines in the event stream")
        }
        for test in results.tests {
            if let problem = problem(with: test) { violations.append("\(test.name): \(problem)") }
        }
        return violations
    }

    /// Whether the test is to be skipped in such a run.
    func isSkipExpected(_ test: TestResult) -> Bool {
        let suites = test.id.split(separator: "/").first?.split(separator: ".").dropFirst() ?? []
        let nested = test.id.split(separator: "/").dropFirst().dropLast()
        let names = Set((suites + nested).map(String.init))
        switch self {
        case .allPass: return false
        case .syscallPresent: return names.contains("WithoutSyscall")
        case .syscallAbsent: return names.isDisjoint(with: ["WithoutSyscall", "AnyKernel"])
        }
    }

    private func problem(with test: TestResult) -> String? {
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
