// SPDX-License-Identifier: MIT

import BenchReport
// Not Foundation, which has a Measurement too.
import FoundationEssentials
import Testing

@testable import GuestHarness

/// Pairs of these ratios; in the round with unrelated processes of the last one so many searches.
func callersReport(_ ratios: [Double], searches: Int = 0) -> CallersReport {
    var pairs = ratios.map { ratio in
        CallersReport.Pair(
            without: .init(calls: 20_000, seconds: 2, searches: 0),
            with: .init(calls: Int(20_000 * ratio), seconds: 2, searches: 0))
    }
    if !pairs.isEmpty { pairs[pairs.count - 1].with.searches = searches }
    return CallersReport(
        kernel: .init(release: "7.3.4-specimen", machine: "x86_64", hasCleanupRobustList: true),
        processors: 4,
        callers: 4, unrelated: 4_000, pairs: pairs)
}

@Suite struct CallersTests {
    private func record(_ callers: CallersReport?) -> BenchRecord {
        let report = BenchReport(
            kernel: .init(release: "7.3.4-specimen", machine: "x86_64", hasCleanupRobustList: true),
            clock: .init(unit: .instructions, evidence: [], overhead: 0), measurements: [])
        var record = BenchRecord(
            kernel: "patched-bench", identity: "", command: "", emulator: "", date: "",
            passes: [report, report])
        record.callers = callers
        return record
    }

    @Test func ratioIsTheMedianOfThePairs() throws {
        #expect(callersReport([0.9, 0.2, 1.0, 0.97, 3]).ratio == 0.97)
        #expect(try abs(#require(callersReport([0.9, 1.0]).ratio) - 0.95) < 1e-9)
        #expect(callersReport([]).ratio == nil)
        #expect(callersReport([]).verdict == nil)
    }

    /// Of calls per second, not of calls: the rounds of a pair need not take equally long.
    @Test func ratioIsOneOfRates() {
        let pair = CallersReport.Pair(
            without: .init(calls: 1_000, seconds: 2, searches: 0),
            with: .init(calls: 2_000, seconds: 4, searches: 0))
        #expect(pair.ratio == 1)
    }

    @Test(
        arguments: [
            (1.02, 0, "met"), (0.95, 0, "met"), (0.94, 0, "missed"), (0.85, 0, "missed"), (0.84, 0, "0.84"),
            (1.02, 1, "processes: 1 in"), (0.94, 12_345, "processes: 12,345 in"),
        ] as [(Double, Int, String)])
    func countDecidesAndThenTheRatio(ratio: Double, searches: Int, word: String) throws {
        let report = callersReport([ratio], searches: searches)
        switch try #require(report.verdict) {
        case .met: #expect(word == "met")
        case .missed: #expect(word == "missed")
        case .failed(let reason): #expect(reason.contains(word))
        }
    }

    @Test(arguments: [(1.0, 0, 0), (0.9, 0, 0), (0.8, 0, 1), (1.0, 3, 1)] as [(Double, Int, Int)])
    func onlyFailureIsAComplaint(ratio: Double, searches: Int, complaints: Int) {
        let summary = BenchSummary([record(callersReport([ratio], searches: searches))])
        #expect(summary.complaints.count == complaints)
        #expect(BenchSummary([record(nil)]).complaints == [])
    }

    @Test func targetsHaveTheRatioAndTheCount() throws {
        let lines = BenchSummary([record(callersReport([0.9], searches: 7))]).lines
        let title = "four callers at once, with 4,000 unrelated processes, against the same with none"
        let index = try #require(lines.firstIndex { $0.hasPrefix(title) })
        #expect(lines[index].contains("0.90") && lines[index].contains("0.95"))
        #expect(lines[index].hasSuffix("FAILED"))
        #expect(lines[index + 1].hasPrefix("  searches of all processes in 38,000 calls"))
        #expect(lines[index + 1].split(separator: " ").contains("7"))
    }

    @Test func tableHasEachPair() throws {
        let lines = CallersTable(callersReport([1, 0.9, 0.94])).lines
        #expect(lines.filter { $0.contains("0.90") }.count == 1)
        #expect(try #require(lines.last) == "ratio     0.94, the median; target 0.95: MISSED")
        var skipped = callersReport([])
        skipped.skipped = "no reason"
        #expect(try #require(CallersTable(skipped).lines.last) == "skipped   no reason")
    }

    @Test func recordSurvivesJSON() throws {
        for original in [record(nil), record(callersReport([0.9, 1], searches: 2))] {
            let decoded = try JSONDecoder().decode(BenchRecord.self, from: JSONEncoder().encode(original))
            #expect(decoded == original)
        }
    }

    @Test func anotherFormIsRefused() throws {
        var other = callersReport([1])
        #expect(try CallersRun.decode([UInt8](JSONEncoder().encode(other))) == other)
        other.schema += 1
        let bytes = try [UInt8](JSONEncoder().encode(other))
        #expect(throws: HarnessError.self) { try CallersRun.decode(bytes) }
        #expect(throws: HarnessError.self) { try CallersRun.decode(Array("no report".utf8)) }
    }
}
