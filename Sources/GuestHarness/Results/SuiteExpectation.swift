// SPDX-License-Identifier: MIT

/// The required results of a run of the syscall suite, by kind of kernel. The only place that says so.
///
/// The suite's part of the bargain: tests in a suite type called `WithoutSyscall` are for kernels
/// that lack the syscall, those in `AnyKernel` for every kernel, `Completeness` compares the suite with
/// the catalogue of checks and touches no kernel; all others need the syscall. A test that needs a feature
/// besides, which is not there, is skipped with a reason that begins with `lacks NAME:`.
public struct SuiteExpectation: Codable, Equatable, Sendable {
    enum Kernel: String, Codable {
        /// Every test passes; only `WithoutSyscall` may, and must, be skipped.
        case syscallPresent
        /// Every test that needs the syscall is skipped with its reason, none passes; the others pass.
        case syscallAbsent
        /// No test fails; one that cannot run on this machine is skipped and says why.
        case host
    }

    let kernel: Kernel
    /// Features for lack of which tests may, and must, be skipped.
    let lacks: [String]
    /// Those among them that the series brings, and the kernel lacks for the patches it is without. Only these
    /// does the guest have to be told.
    let unfinished: [SeriesFeature]

    private init(_ kernel: Kernel, lacks: [String] = [], unfinished: [SeriesFeature] = []) {
        self.kernel = kernel
        self.lacks = lacks + unfinished.map(\.rawValue)
        self.unfinished = unfinished
    }

    public static let syscallPresent = Self(.syscallPresent)
    public static let syscallAbsent = Self(.syscallAbsent)
    public static let host = Self(.host)

    /// The expectation of a run on a kernel of the catalogue.
    ///
    /// - Parameter unfinished: what the kernel lacks for having a part of the series only. Without that, a test that
    ///   is skipped for lack of one of these is a failure: the whole series has them all.
    public init(of kernel: Catalogue.Kernel, unfinished: [SeriesFeature] = []) {
        self =
            kernel.patched
            ? Self(.syscallPresent, lacks: kernel.lacks ?? [], unfinished: unfinished) : .syscallAbsent
    }

    /// Unexpected results in `results`, one line each; empty when there are none.
    ///
    /// - Parameter isWhole: true if every test was asked for.
    public func violations(in results: SuiteResults, isWhole: Bool = true) -> [String] {
        problems(withRunOf: results, isWhole: isWhole)
            + results.tests.compactMap { test in problem(with: test).map { "\(test.name): \($0)" } }
    }

    /// Problems of the run as a whole.
    func problems(withRunOf results: SuiteResults, isWhole: Bool = true) -> [String] {
        var problems: [String] = []
        if results.tests.isEmpty { problems.append("no test ran") }
        if !results.runEnded { problems.append("the test runner did not get to its end") }
        if results.unreadable > 0 {
            problems.append("\(results.unreadable) unreadable lines in the event stream")
        }
        if !results.taintBetweenTests.isEmpty {
            problems.append(
                "the kernel was tainted between tests: \(results.taintBetweenTests.joined(separator: ", "))")
        }
        if isWhole {
            let missed = Set(results.tests.compactMap(Self.featureMissed))
            for feature in lacks where !missed.contains(feature) {
                problems.append(
                    "no test was skipped for lack of \(feature), which the catalogue says it lacks")
            }
        }
        return problems
    }

    /// The feature for lack of which a test was skipped.
    private static func featureMissed(by test: TestResult) -> String? {
        guard case .skipped(let reason) = test.verdict else { return nil }
        return reason.prefixMatch(of: /lacks (\w+):/).map { String($0.1) }
    }

    /// Tells whether the test has to be skipped in such a run.
    func isSkipExpected(_ test: TestResult) -> Bool {
        let suites = test.id.split(separator: "/").first?.split(separator: ".").dropFirst() ?? []
        let nested = test.id.split(separator: "/").dropFirst().dropLast()
        let names = Set((suites + nested).map(String.init))
        switch kernel {
        case .host:
            if case .skipped = test.verdict { return true }
            return false
        case .syscallPresent:
            return names.contains("WithoutSyscall")
                || Self.featureMissed(by: test).map(lacks.contains) ?? false
        case .syscallAbsent: return names.isDisjoint(with: ["WithoutSyscall", "AnyKernel", "Completeness"])
        }
    }

    func problem(with test: TestResult) -> String? {
        let added = test.taint?.added ?? []
        let taint = added.isEmpty ? nil : "tainted the kernel: \(added.joined(separator: ", "))"
        let problems = [verdictProblem(with: test), taint].compactMap(\.self)
        return problems.isEmpty ? nil : problems.joined(separator: "; ")
    }

    private func verdictProblem(with test: TestResult) -> String? {
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
