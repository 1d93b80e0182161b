// SPDX-License-Identifier: MIT

import Testing

@testable import GuestHarness

@Suite struct KTAPTests {
    private func mixed() throws -> KTAP {
        KTAP(String(decoding: try golden("selftests-mixed.ktap"), as: UTF8.self))
    }

    @Test func programsAndTheirTestsAreFound() throws {
        let ktap = try mixed()
        #expect(ktap.plan == 16)
        #expect(ktap.programs.map(\.tests.count) == [11, 1, 17])
        #expect(ktap.programs.map(\.plan) == [11, 1, 17])
        #expect(
            ktap.programs.map { SelftestPrograms.name(in: $0.result) } == [
                "cleanup_robust_list", "futex_priv_hash", "robust_list",
            ])
    }

    @Test func eachVerdictIsToldApart() throws {
        let programs = try mixed().programs
        #expect(programs[0].result.verdict == .passed)
        #expect(programs[0].tests.allSatisfy { $0.verdict == .passed })
        #expect(programs[1].tests[0].verdict == .skipped)
        #expect(programs[1].tests[0].remark == "Automatic increase with more than 16 CPUs (only 2 online)")
        #expect(programs[2].result.verdict == .failed)
        #expect(programs[2].result.remark == "exit=1")
        #expect(programs[2].tests.filter { $0.verdict == .failed }.count == 3)
    }

    @Test func skippedTestNeedsNoName() throws {
        let lines = "# ok 6 # SKIP no call\n# not ok 7 # SKIP neither\n# ok 8\nok 1 selftests: futex: t\n"
        let tests = try #require(KTAP(lines).programs.first).tests
        #expect(tests.map(\.name) == ["number 6", "number 7", "number 8"])
        #expect(tests.map(\.verdict) == [.skipped, .skipped, .passed])
        #expect(tests.map(\.remark) == ["no call", "neither", ""])
    }

    /// As robust_list of 7.3 prints it where a call is not supported: the line of the skip comes before the test's own.
    @Test func skipWithinATestIsTheTests() throws {
        let lines = """
            # 1..3
            # #  RUN           wake.unlock ...
            # ok 1 # SKIP not supported
            # #            OK  wake.unlock
            # ok 1 wake.unlock
            # #  RUN           wait.unlock ...
            # #            OK  wait.unlock
            # ok 2 wait.unlock
            # #  RUN           pi.unlock ...
            # ok 1 # SKIP not supported
            # #          FAIL  pi.unlock
            # not ok 3 pi.unlock
            ok 1 selftests: futex: t
            """
        let tests = try #require(KTAP(lines).programs.first).tests
        #expect(tests.map(\.name) == ["wake.unlock", "wait.unlock", "pi.unlock"])
        #expect(tests.map(\.verdict) == [.skipped, .passed, .failed])
        #expect(tests[0].remark == "not supported")
    }

    @Test func nothingIsReadOutOfNothing() {
        #expect(KTAP("").programs == [])
        #expect(KTAP("TAP version 13\n1..2\n# ok 1 inner\n").programs == [])
    }
}

@Suite struct SelftestComparisonTests {
    private typealias Verdict = KTAP.Result.Verdict

    private func run(
        _ kernel: String, patched: Bool, own: Verdict, other: Verdict, config: [String] = [],
        problems: [String] = []
    ) -> SelftestRun.KernelRun {
        let findings = [("cleanup_robust_list", own), ("futex_wait", other)].map { program, verdict in
            SelftestFinding(program: program, test: "t", verdict: verdict, remark: "why")
        }
        return SelftestRun.KernelRun(
            kernel: kernel, base: "b", patched: patched, config: config, release: nil, findings: findings,
            problems: problems, directory: "/runs/1")
    }

    private func stock(_ other: Verdict) -> SelftestRun.KernelRun {
        run("stock", patched: false, own: .skipped, other: other)
    }

    @Test(arguments: [KTAP.Result.Verdict.passed, .failed, .skipped])
    func sameResultsOnBothAreRight(_ other: KTAP.Result.Verdict) {
        let patched = run("patched", patched: true, own: .passed, other: other)
        #expect(SelftestComparison([stock(other), patched]).problems == [])
    }

    @Test func anyDifferenceIsNamed() {
        let patched = run("patched", patched: true, own: .passed, other: .failed)
        #expect(
            SelftestComparison([stock(.passed), patched]).problems
                == ["futex_wait: t: failed on patched, passed on stock"])
    }

    @Test func stockKernelOfTheSameConfigIsTheOneToCompareWith() {
        let stocks = [
            stock(.passed), run("stock-rt", patched: false, own: .skipped, other: .failed, config: ["rt"]),
        ]
        func problems(_ other: Verdict) -> [String] {
            let patched = run("patched-rt", patched: true, own: .passed, other: other, config: ["rt"])
            return SelftestComparison(stocks + [patched]).problems
        }
        #expect(problems(.failed) == [])
        #expect(problems(.passed) == ["futex_wait: t: passed on patched-rt, failed on stock-rt"])
    }

    @Test func testThatOnlyOneKernelHasIsADifference() {
        var patched = run("patched", patched: true, own: .passed, other: .passed)
        patched.findings.removeLast()
        #expect(
            SelftestComparison([stock(.passed), patched]).problems
                == ["futex_wait: t: absent on patched, passed on stock"])
    }

    @Test(arguments: [KTAP.Result.Verdict.failed, .skipped])
    func testOfTheSeriesHasToPassWhereTheSeriesIs(_ own: KTAP.Result.Verdict) {
        let patched = run("patched", patched: true, own: own, other: .passed)
        let problems = SelftestComparison([stock(.passed), patched]).problems
        #expect(problems.count == 1)
        #expect(problems[0].hasPrefix("patched: cleanup_robust_list: t \(own.rawValue), must be passed"))
    }

    @Test func testOfTheSeriesCannotPassOnAStockKernel() {
        let stock = run("stock", patched: false, own: .passed, other: .passed)
        #expect(
            SelftestComparison([stock]).problems
                == ["stock: cleanup_robust_list: t passed, must be skipped (why)"])
    }

    @Test func withoutAStockKernelNoneMayFail() {
        let debug = run("patched-debug", patched: true, own: .passed, other: .failed)
        #expect(SelftestComparison([debug]).problems.count == 1)
    }

    @Test func whatIsWrongWithTheRunItselfCounts() {
        let patched = run(
            "patched", patched: true, own: .passed, other: .passed, problems: ["x left no result"])
        #expect(SelftestComparison([patched]).problems == ["patched: x left no result; see /runs/1"])
    }

    @Test func bestOfSeveralAttemptsCounts() {
        func finding(_ test: String?, _ verdict: Verdict) -> SelftestFinding {
            SelftestFinding(program: "p", test: test, verdict: verdict, remark: "")
        }
        let attempts = [
            finding(nil, .failed), finding("a", .failed), finding("b", .passed),
            finding(nil, .failed), finding("a", .passed), finding("b", .failed),
        ]
        let best = SelftestFinding.best(attempts)
        #expect(best.map(\.verdict) == [.passed, .passed, .passed])
        #expect(best[1].remark == "passed in 1 of 2 runs")
        #expect(
            SelftestFinding.best(Array(attempts.prefix(3))).map(\.verdict) == [.failed, .failed, .passed])
    }
}
