// SPDX-License-Identifier: MIT

import Foundation
import FoundationXML
import SystemPackage
import Testing

@testable import GuestHarness

/// Reports for CI systems, read back by a parser that is not ours.
@Suite struct JUnitTests {
    private func parsed(_ report: JUnitReport) throws -> XMLElement {
        try #require(try XMLDocument(data: Data(report.text.utf8)).rootElement())
    }

    private func attribute(_ name: String, of node: XMLNode?) -> String? {
        (node as? XMLElement)?.attribute(forName: name)?.stringValue
    }

    @Test func everyResultIsToldWithItsReason() throws {
        let awkward = "<a> & \"b\"\n'c' ]]> \u{1B}[1m"
        let root = try parsed(
            JUnitReport(
                name: awkward,
                suites: [
                    .init(
                        name: "s",
                        cases: [
                            .init("one", in: "g", seconds: 1.25, .passed),
                            .init("two", in: "g", .failed(awkward)),
                            .init("three", in: "g", .broken("gone")),
                            .init("four", in: "g", .skipped(reason: "no <KVM>")),
                        ])
                ]))
        #expect(attribute("name", of: root) == awkward.replacing("\u{1B}", with: "\u{FFFD}"))
        for node in [root, try #require(root.child(at: 0) as? XMLElement)] {
            #expect(
                ["tests", "failures", "errors", "skipped", "time"].map { attribute($0, of: node) }
                    == ["4", "1", "1", "1", "1.250"])
        }
        let cases = try root.nodes(forXPath: "//testcase")
        #expect(cases.map { attribute("name", of: $0) } == ["one", "two", "three", "four"])
        #expect(attribute("time", of: cases[0]) == "1.250")
        let failure = try #require(try root.nodes(forXPath: "//failure").first)
        #expect(attribute("message", of: failure) == "<a> & \"b\"")
        #expect(failure.stringValue == awkward.replacing("\u{1B}", with: "\u{FFFD}"))
        #expect(attribute("message", of: try root.nodes(forXPath: "//error").first) == "gone")
        #expect(attribute("message", of: try root.nodes(forXPath: "//skipped").first) == "no <KVM>")
    }

    @Test func testsAreJudgedAsTheRunIs() throws {
        var results = SuiteResults()
        results.append(try golden("swift-testing-mixed.jsonl"))
        let run = SuiteRunner.Run(
            results: results, violations: [], faults: [.init(line: 3, text: "WARNING: x")],
            directory: "/runs/1")
        let suite = JUnitReport.Suite(of: run, name: "suite", expectation: .host)
        func result(_ name: String) -> JUnitReport.Case.Result? {
            suite.cases.first { $0.name == name }?.result
        }
        #expect(result("clears()") == .passed)
        #expect(result("needsSyscall()") == .skipped(reason: "the kernel has no cleanup_robust_list"))
        guard case .failed(let why) = result("fails()") else {
            Issue.record("fails() is \(String(describing: result("fails()")))")
            return
        }
        #expect(why.contains("PTests/b.swift:7"))
        #expect(
            result("the run")
                == .failed("the kernel reported: WARNING: x (console.log line 3)\nsee /runs/1"))
        #expect(suite.cases.first?.group == "PTests.Siblings")
        #expect(suite.cases.first?.seconds != nil)
    }

    @Test func comparisonHasACaseForEachCell() throws {
        let good = JUnitReport(of: Samples.comparison(try Samples.good()))
        #expect(good.suites.map(\.name) == ["stock", "patched", "comparison"])
        #expect(
            good.suites.flatMap(\.cases).map(\.result) == [
                .passed, .skipped(reason: "the kernel has no such call"), .passed, .passed, .passed,
            ])
        let spared = try Samples.compared(
            Samples.cell(Samples.scenario(), corruptedAt: []), on: Samples.stock)
        let bad = JUnitReport(of: Samples.comparison([spared], [Samples.stock]))
        #expect(
            bad.suites.flatMap(\.cases).count { if case .failed = $0.result { true } else { false } } == 2)
    }

    @Test func tallyKeepsWhatItCounts() throws {
        var tally = Tally()
        tally.pass("lint")
        tally.fail("lint: x", of: "build")
        tally.add(
            .init(passed: 2, skipped: 1, problems: ["p"], reasons: ["litmus: no herd7"]), name: "models")
        let cases = tally.suites.flatMap(\.cases)
        #expect(cases.count == tally.passed + tally.failed + tally.skipped)
        #expect(cases.contains { $0.result == .skipped(reason: "litmus: no herd7") })
    }

    @Test func fileIsWrittenWholeOrNotAtAll() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("new/report.xml")
            let report = JUnitReport(name: "n", suites: [])
            try report.write(to: file)
            #expect(try text(of: file) == report.text)
            #expect(Files.list(directory.appending("new")) == ["report.xml"])
        }
    }
}
