// SPDX-License-Identifier: MIT

import Testing

@testable import GuestHarness

@Suite struct SeriesSuiteTests {
    private typealias Report = SeriesSuiteReport

    private func stage(
        _ length: Int, missing: [FeaturePatches.Step] = [], isSameKernel: Bool = false
    ) -> FeaturePatches.Stage {
        .init(length: length, subject: "patch \(length)", missing: missing, isSameKernel: isSameKernel)
    }

    private func finding(
        _ suite: [String], selftest: [String] = [], problems: [String] = []
    ) -> Report.Finding {
        .init(
            suite: .init(passed: suite), selftest: .init(passed: selftest), problems: problems, release: "r",
            accelerator: "tcg", seconds: 1)
    }

    private let sharing = FeaturePatches.Step(
        feature: .sharedMemory, patch: "p", selftestSkips: "not shared")

    @Test func whatPassesForTheFirstTimeIsWhatAPatchAdds() {
        var report = Report(base: "b")
        report.add(stage(8, missing: [sharing]), finding(["a"], selftest: ["s"]))
        report.add(stage(9, missing: [sharing], isSameKernel: true), finding(["a"], selftest: ["s"]))
        report.add(stage(10), finding(["c", "a", "b"], selftest: ["t", "s"]))
        #expect(report.patches.map(\.added) == [["a", "selftest s"], [], ["b", "c", "selftest t"]])
        #expect(report.patches.map(\.missing) == [[.sharedMemory], [.sharedMemory], []])
        #expect(report.isGood)
        let lines = report.lines
        #expect(lines.last == "3 patches, 0 problems")
        #expect(lines.contains("    adds 3:"))
        #expect(lines.contains("    changes nothing of the kernel"))
    }

    @Test func whatPassesNoMoreIsAProblem() {
        var report = Report(base: "b")
        report.add(stage(8), finding(["a", "b"]))
        report.add(stage(9), finding(["a"]))
        #expect(report.problems == ["patch 9: b: passed at the patch before"])
        #expect(!report.isGood)
    }

    @Test func problemOfAKernelCountsOnce() {
        var report = Report(base: "b")
        let wrong = finding(["a"], problems: ["b: failed: x"])
        report.add(stage(8), wrong)
        report.add(stage(9, isSameKernel: true), wrong)
        #expect(report.problems == ["patch 8: b: failed: x"])
        #expect(report.lines.suffix(2) == ["WRONG    patch 8: b: failed: x", "2 patches, 1 problems"])
    }

    @Test func lastPatchHasToCoverAll() {
        var report = Report(base: "b")
        #expect(!report.isGood)
        report.add(stage(8, missing: [sharing]), finding(["a"]))
        #expect(!report.isGood)
        report.add(stage(9), finding(["a"]))
        #expect(report.isGood)
    }

    private func selftest(
        _ verdict: KTAP.Result.Verdict, _ remark: String, missing: [FeaturePatches.Step]
    ) -> (tests: Report.Tests, problems: [String]) {
        let run = SelftestRun.KernelRun(
            kernel: "bypatch", base: "b", patched: true, config: [], release: nil,
            findings: [
                SelftestFinding(
                    program: SelftestPrograms.ofTheSeries, test: "t", verdict: verdict, remark: remark)
            ], problems: [], directory: "/runs/1")
        return SeriesSuiteRun.selftest(run, stage(8, missing: missing))
    }

    @Test func selftestSkipsOnlyForWhatIsMissing() {
        #expect(selftest(.skipped, "not shared", missing: [sharing]).problems == [])
        #expect(selftest(.skipped, "not shared", missing: []).problems.count == 1)
        #expect(selftest(.skipped, "no perf events", missing: [sharing]).problems.count == 2)
        #expect(selftest(.passed, "", missing: []).problems == [])
    }

    @Test func selftestThatSkipsNothingForWhatIsMissingIsStale() {
        #expect(
            selftest(.passed, "", missing: [sharing]).problems
                == ["the selftest skipped nothing because of: not shared"])
        #expect(selftest(.failed, "not shared", missing: [sharing]).problems.count == 2)
    }

    // MARK: The suite

    private let kernel = Catalogue.Kernel(
        name: "k", purpose: "p", base: "b", patched: true, config: [], lacks: ["compat"])
    private let skipped = TestResult(
        id: "SyscallTests.Siblings/clears()/Siblings.swift:1:1",
        verdict: .skipped(reason: "lacks sharedMemory: flags 0 give EINVAL"))

    @Test func suiteSkipsWhatAPatchDoesNotCoverYet() {
        let expectation = SuiteExpectation(of: kernel, unfinished: [.sharedMemory, .faultedHeads])
        #expect(expectation.problem(with: skipped) == nil)
        #expect(expectation.lacks == ["compat", "sharedMemory", "faultedHeads"])
        #expect(
            SeriesFeature.environment(expectation.unfinished)
                == ["ROBUST_LIST_WITHOUT=sharedMemory,faultedHeads"])
    }

    /// On the whole series nothing is skipped for lack of what it brings.
    @Test func wholeSeriesSkipsNothingOfItsOwn() {
        let expectation = SuiteExpectation(of: kernel)
        #expect(expectation.problem(with: skipped) == "skipped: lacks sharedMemory: flags 0 give EINVAL")
        #expect(SeriesFeature.environment(expectation.unfinished) == [])
    }
}
