// SPDX-License-Identifier: MIT

import GuestProtocol
import Testing

@testable import GuestHarness

@Suite struct SuiteResultsTests {
    private func results(_ name: String, piece: Int = .max) throws -> SuiteResults {
        var results = SuiteResults()
        var bytes = try golden(name)[...]
        while !bytes.isEmpty {
            results.append(Array(bytes.prefix(piece)))
            bytes = bytes.dropFirst(piece)
        }
        return results
    }

    private func verdict(_ results: SuiteResults, _ name: String) throws -> Verdict {
        try #require(results.tests.first { $0.name == "PTests.\(name)" }).verdict
    }

    @Test(arguments: [Int.max, 7])
    func everyKindOfResultIsTold(piece: Int) throws {
        let results = try results("swift-testing-mixed.jsonl", piece: piece)
        #expect(results.tests.count == 8)
        #expect(results.runEnded)
        #expect(results.unreadable == 0)
        #expect(try verdict(results, "Siblings/clears()") == .passed)
        #expect(try verdict(results, "Siblings/knownIssue()") == .passed)
        #expect(try verdict(results, "Siblings/warns()") == .passed)
        #expect(
            try verdict(results, "Siblings/needsSyscall()")
                == .skipped(reason: "the kernel has no cleanup_robust_list"))
        #expect(
            try verdict(results, "WithoutSyscall/returnsENOSYS()")
                == .skipped(reason: "the kernel has the syscall"))
        #expect(try verdict(results, "Siblings/cancels()") == .skipped(reason: "no hugetlb pages"))
        #expect(
            try verdict(results, "Siblings/parameterised(_:)")
                == .failed(["PTests/b.swift:5: Expectation failed: (x → 2) == 1"]))
        #expect(
            try verdict(results, "Siblings/fails()")
                == .failed([
                    "PTests/b.swift:7: Expectation failed: (1 + 1 → 2) == 3; sum",
                    "PTests/b.swift:7: Caught error: E()",
                ]))
    }

    @Test func crashLeavesTestsBroken() throws {
        let results = try results("swift-testing-crash.jsonl")
        #expect(!results.runEnded)
        #expect(
            try verdict(results, "WithoutSyscall/crashes()") == .broken(reason: "started and never ended"))
        #expect(results.count("passed") == 0)
        #expect(results.count("broken") + results.count("skipped") + results.count("failed") == 5)
        #expect(
            SuiteExpectation.host.violations(in: results).contains("the test runner did not get to its end"))
    }

    /// The events of a suite whose tests passed, and its output.
    private func results(ofTests names: [String], output: String, outputFirst: Bool = false) -> SuiteResults {
        var results = SuiteResults()
        if outputFirst { results.appendOutput(Array(output.utf8)) }
        for name in names {
            let id = "SyscallTests.Race/\(name)/Race.swift:1:2"
            for event in [
                #"{"kind":"test","payload":{"kind":"function","id":"\#(id)"}}"#,
                #"{"kind":"event","payload":{"kind":"testStarted","testID":"\#(id)"}}"#,
                #"{"kind":"event","payload":{"kind":"testEnded","testID":"\#(id)","messages":[{"symbol":"pass","text":""}]}}"#,
            ] { results.append(Array("\(event)\n".utf8)) }
        }
        results.append(Array(#"{"kind":"event","payload":{"kind":"runEnded"}}"#.utf8) + [10])
        if !outputFirst { results.appendOutput(Array(output.utf8)) }
        return results
    }

    @Test(arguments: [false, true])
    func testThatTaintsTheKernelFails(_ outputFirst: Bool) throws {
        let records = [
            TaintRecord(function: "clean()", before: 64, after: 64),
            TaintRecord(function: "taints()", before: 64, after: 64 | 512 | 1 << 40),
        ]
        let results = results(
            ofTests: ["clean()", "taints()", "silent()"],
            output: "noise\n" + records.map { "\($0.line)\n" }.joined(), outputFirst: outputFirst)
        #expect(
            results.tests.map(\.taint) == [
                KernelTaint(before: 64, after: 64), KernelTaint(before: 64, after: 64 | 512 | 1 << 40), nil,
            ])
        #expect(
            SuiteExpectation.syscallPresent.violations(in: results) == [
                "SyscallTests.Race/taints(): tainted the kernel: W (warning), bit 40"
            ])
    }

    @Test func taintBetweenTestsIsNotLost() {
        let records = [
            TaintRecord(function: "a()", before: 0, after: 0),
            TaintRecord(function: "b()", before: 32, after: 32),
        ]
        let results = results(
            ofTests: ["a()", "b()"], output: records.map { "\($0.line)\n" }.joined())
        #expect(
            SuiteExpectation.syscallPresent.violations(in: results) == [
                "the kernel was tainted between tests: B (bad page)"
            ])
    }

    @Test func testThatNeverStartedIsBroken() {
        var results = SuiteResults()
        results.append(
            Array(#"{"kind":"test","payload":{"kind":"function","id":"M.a()"},"version":0}"#.utf8) + [10])
        #expect(results.tests.map(\.verdict) == [.broken(reason: "never started")])
    }

    @Test func nothingRunIsNoSuccess() throws {
        let results = try results("swift-testing-none.jsonl")
        for expectation in [SuiteExpectation.host, .syscallAbsent, .syscallPresent] {
            #expect(expectation.violations(in: results).contains("no test ran"))
        }
    }

    @Test func unreadableLineIsCounted() {
        var results = SuiteResults()
        results.append(Array("{\"kind\":\n".utf8))
        #expect(results.unreadable == 1)
        #expect(!SuiteExpectation.host.violations(in: results).isEmpty)
    }
}

@Suite struct ExpectationTests {
    private func test(_ id: String, _ verdict: Verdict) -> TestResult {
        TestResult(id: id, verdict: verdict)
    }

    private let needing = "SyscallTests.Siblings/clears()/Siblings.swift:1:1"
    private let without = "SyscallTests.WithoutSyscall/returnsENOSYS()/A.swift:1:1"
    private let nested = "SyscallTests.Outer/WithoutSyscall/returnsENOSYS()/A.swift:1:1"
    private let any = "SyscallTests.AnyKernel/probes()/A.swift:1:1"
    private let skipped = Verdict.skipped(reason: "why")

    @Test func presentMeansEverythingPasses() {
        let expectation = SuiteExpectation.syscallPresent
        #expect(expectation.problem(with: test(needing, .passed)) == nil)
        #expect(expectation.problem(with: test(any, .passed)) == nil)
        #expect(expectation.problem(with: test(without, skipped)) == nil)
        #expect(expectation.problem(with: test(nested, skipped)) == nil)
        #expect(expectation.problem(with: test(needing, skipped)) != nil)
        #expect(expectation.problem(with: test(any, skipped)) != nil)
        #expect(expectation.problem(with: test(without, .passed)) != nil)
    }

    @Test func absentMeansNothingThatNeedsItPasses() {
        let expectation = SuiteExpectation.syscallAbsent
        #expect(expectation.problem(with: test(needing, skipped)) == nil)
        #expect(expectation.problem(with: test(without, .passed)) == nil)
        #expect(expectation.problem(with: test(any, .passed)) == nil)
        #expect(expectation.problem(with: test(needing, .passed)) != nil)
        #expect(expectation.problem(with: test(without, skipped)) != nil)
        #expect(expectation.problem(with: test(any, skipped)) != nil)
        #expect(expectation.problem(with: test(needing, .skipped(reason: ""))) == "skipped without a reason")
    }

    @Test func featureThatTheKernelLacksExcusesItsTestsOnly() {
        let kernel = Catalogue.Kernel(
            name: "k", purpose: "p", base: "b", patched: true, config: [], lacks: ["compat"])
        let expectation = SuiteExpectation(of: kernel)
        #expect(expectation.problem(with: test(needing, .skipped(reason: "lacks compat: why"))) == nil)
        #expect(expectation.problem(with: test(needing, .skipped(reason: "lacks swap: why"))) != nil)
        #expect(expectation.problem(with: test(needing, skipped)) != nil)
        #expect(expectation.problem(with: test(needing, .passed)) == nil)
        #expect(
            SuiteExpectation.syscallPresent.problem(
                with: test(needing, .skipped(reason: "lacks compat: why")))
                != nil)
    }

    @Test func featureForWhichNothingWasSkippedIsNotLacked() throws {
        var results = SuiteResults()
        let record = #"{"kind":"test","payload":{"kind":"function","id":"SyscallTests.ABI/a()"},"version":0}"#
        let skip =
            #"{"kind":"event","payload":{"kind":"testSkipped","testID":"SyscallTests.ABI/a()","#
            + #""_comments":["lacks compat: why"]},"version":0}"#
        results.append(Array("\(record)\n\(skip)\n".utf8))
        func stale(_ lacks: [String], isWhole: Bool = true) -> [String] {
            let kernel = Catalogue.Kernel(
                name: "k", purpose: "p", base: "b", patched: true, config: [], lacks: lacks)
            return SuiteExpectation(of: kernel).violations(in: results, isWhole: isWhole)
                .filter { $0.contains("the catalogue says") }
        }
        #expect(stale(["compat"]).isEmpty)
        #expect(stale(["compat", "swap"]).count == 1)
        #expect(stale(["swap"], isWhole: false).isEmpty)
    }

    @Test(arguments: [SuiteExpectation.syscallPresent, .syscallAbsent, .host])
    func failedAndBrokenAreNeverExpected(_ expectation: SuiteExpectation) {
        for id in [needing, without, any] {
            #expect(expectation.problem(with: test(id, .failed(["x"]))) != nil)
            #expect(expectation.problem(with: test(id, .broken(reason: "x"))) != nil)
        }
    }
}
