// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// `kernel-patch/check --suite`: builds the kernel at each patch from the one that wires the call up, and runs the suite
/// and the finished selftest there. What a patch does not cover yet has to be skipped for that reason.
public struct SeriesSuiteRun: Sendable {
    private let builders: Builders
    private let base: Catalogue.Base
    /// The patched kernel of the base under the name of these kernels: they share a tree, in which only what a patch
    /// changes is compiled again.
    private let kernel: Catalogue.Kernel
    private let features: FeaturePatches

    /// - Parameter base: the name of a base in the catalogue.
    public init(_ builders: Builders, base: String) throws {
        self.builders = builders
        let base = try builders.catalogue.base(named: base)
        guard
            var kernel = builders.catalogue.kernels.first(where: {
                $0.base == base.name && $0.patched && $0.config.isEmpty
            })
        else {
            throw HarnessError("the base \(base.name) has no patched kernel without a config of its own")
        }
        kernel.name = kernel.name.replacing("patched", with: "bypatch")
        self.base = base
        self.kernel = kernel
        features = try LintPlan(
            contentsOf: builders.repository.root.appending("kernel-patch/check.json")
        ).features
    }

    /// The directory that results are kept in.
    public var directory: FilePath { builders.repository.build.appending("check/suite-\(base.name)") }

    /// Runs everything. The result of a patch is kept until something that it depends on changes.
    public func run() async throws -> SeriesSuiteReport {
        let series = try PatchSeries(directory: builders.repository.root.appending(base.series))
        let stages = try features.stages(of: series)
        let inputs =
            try await SuiteSources(repository: builders.repository).identity()
            + series.patches.filter { $0.changes.contains("tools/testing/selftests/") }.map(\.changes)
        var report = SeriesSuiteReport(base: base.name)
        for stage in stages {
            builders.progress.note("patch \(stage.length) of \(series.patches.count): \(stage.subject)")
            if stage.isSameKernel, let last = report.patches.last {
                report.add(stage, last.finding)
            } else {
                report.add(stage, try await finding(at: stage, inputs))
            }
        }
        return report
    }

    private func finding(
        at stage: FeaturePatches.Stage, _ inputs: [String]
    ) async throws -> SeriesSuiteReport.Finding {
        var builders = builders
        builders.seriesChange.length = stage.length
        let expectation = SuiteExpectation(of: kernel, unfinished: stage.missing.map(\.feature))
        let name = String(format: "%02d", stage.length)
        let trial = KernelTrial(
            builders, of: kernel, named: name, kind: .bypatch, expectation: expectation)
        return try await KeptResult(of: name, in: directory).value(for: trial.inputs(inputs)) {
            // Of the whole series: the finished test runs on each kernel.
            let selftests = try await SelftestRun(self.builders).build(for: kernel)
            let start = ContinuousClock.now
            let outcome = try await trial.run(selftests)
            return Self.finding(outcome, stage, seconds: (ContinuousClock.now - start) / .seconds(1))
        }
    }

    /// Sorts the outcome on a kernel by verdict, and adds the problems in it.
    static func finding(
        _ outcome: KernelTrial.Outcome, _ stage: FeaturePatches.Stage, seconds: Double
    ) -> SeriesSuiteReport.Finding {
        let run = outcome.suite
        var suite = SeriesSuiteReport.Tests()
        for test in run.results.tests {
            switch test.verdict {
            case .passed: suite.passed.append(test.name)
            case .failed, .broken: suite.failed.append(test.name)
            case .skipped(let reason): suite.skipped[reason, default: []].append(test.name)
            }
        }
        let (selftest, problems) = selftest(outcome.selftest, stage)
        return SeriesSuiteReport.Finding(
            suite: suite, selftest: selftest,
            problems: run.violations + run.faults.map { "the kernel reported: \($0.text)" }
                + [run.message].compactMap { $0 } + problems,
            release: outcome.release, accelerator: outcome.accelerator.rawValue, seconds: seconds)
    }

    /// The tests of the selftest. One that is skipped has to be so for what is missing, and something has to be.
    static func selftest(
        _ run: SelftestRun.KernelRun, _ stage: FeaturePatches.Stage
    ) -> (tests: SeriesSuiteReport.Tests, problems: [String]) {
        let reasons = stage.missing.compactMap(\.selftestSkips)
        var tests = SeriesSuiteReport.Tests()
        for finding in run.findings where finding.test != nil {
            switch finding.verdict {
            case .passed: tests.passed.append(finding.name)
            case .failed: tests.failed.append(finding.name)
            case .skipped: tests.skipped[finding.remark, default: []].append(finding.name)
            }
        }
        let missed = reasons.filter { tests.skipped[$0] == nil }
        return (
            tests,
            SelftestComparison([run], skipsAllowed: reasons).problems
                + missed.map { "the selftest skipped nothing because of: \($0)" }
        )
    }
}
