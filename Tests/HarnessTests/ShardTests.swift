// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import SystemPackage
import Testing

@testable import GuestHarness

/// Work that is shared out, and reports that are put together again.
@Suite struct ShardTests {
    @Test(arguments: [1, 2, 3, 7, 10], [1, 2, 3, 7])
    func everythingIsInExactlyOneShard(_ all: Int, _ count: Int) throws {
        let parts = try (1...count).map { try Shard("\($0)/\(count)").range(of: all) }
        #expect(parts.flatMap { Array($0) } == Array(0..<all))
        #expect((parts.map(\.count).max()! - parts.map(\.count).min()!) <= 1)
    }

    @Test(arguments: [
        "", "1", "0/2", "3/2", "1/0", "-1/2", "a/b", "1/2/3", "1 / 2", "1/99999999999999999999",
    ])
    func otherTextIsRefused(_ text: String) {
        let error = #expect(throws: HarnessError.self) { try Shard(text) }
        #expect(error?.status == .usage)
        #expect(error?.description.contains("--shard '\(text)': give K/N") == true)
    }

    @Test func moreShardsThanWorkAreRefused() {
        let error = #expect(throws: HarnessError.self) { try Shard("1/9").requireWork(3, "cells") }
        #expect(error?.description.contains("only 3 cells") == true)
    }

    private func plan(_ shard: String?) throws -> ComparisonPlan {
        try ComparisonPlan(
            names: ["stock", "patched"], images: [], pattern: nil, quick: true, fresh: false,
            shard: shard.map(Shard.init),
            catalogue: Catalogue(contentsOf: Repository.containing(FilePath(#filePath)).catalogue))
    }

    @Test func shardsOfAComparisonMakeUpTheWhole() throws {
        let whole = try plan(nil)
        let parts = try (1...3).map { try plan("\($0)/3") }
        for kernel in 0..<2 {
            #expect(
                parts.flatMap { $0.scenarios(onKernelAt: kernel) } == whole.scenarios(onKernelAt: kernel))
        }
        // Neighbours: the first of three has one kernel only.
        #expect(parts[0].scenarios(onKernelAt: 1).isEmpty)
        #expect(Set(parts.compactMap(\.place?.plan)).count == 1)
        #expect(whole.place == nil)
    }

    private func place(
        _ number: Int, of count: Int = 2, all: Int = 4, plan: String = "p", series: String? = nil
    ) throws -> ShardOfReport {
        ShardOfReport(shard: try Shard("\(number)/\(count)"), all: all, plan: plan, series: series)
    }

    /// A comparison's report with a part of the cells of the sample.
    private func report(_ cells: Range<Int>, _ kernels: [ComparedKernel], _ place: ShardOfReport?) throws
        -> ComparisonReport
    {
        ComparisonReport(
            command: [], quick: false, started: 10, seconds: 5,
            machine: .init(MachineOptions(), imageDigest: "feed"), kernels: kernels,
            cells: Array(try Samples.good()[cells]), place: place)
    }

    private func merged(_ reports: [ComparisonReport]) async throws -> ComparisonReport {
        try await withTemporaryDirectory { directory in
            let files = try reports.enumerated().map { index, report in
                let file = directory.appending("\(index).json")
                try Files.write(json: report, to: file)
                return file
            }
            return try ComparisonReport.merged(files, command: ["merge"])
        }
    }

    @Test func mergedReportIsThatOfTheWholeComparison() async throws {
        let first = try report(0..<1, [Samples.stock], place(1))
        let second = try report(1..<4, [Samples.stock, Samples.patched], place(2))
        #expect(first.verdict.isGood && second.verdict.isGood)
        let merged = try await merged([second, first])
        let whole = try report(0..<4, [Samples.stock, Samples.patched], nil)
        #expect(merged.cells == whole.cells)
        #expect(merged.kernels == whole.kernels)
        #expect(merged.groups == whole.groups)
        #expect(merged.verdict == whole.verdict)
        #expect(merged.seconds == 10)
        #expect(merged.place == nil)
    }

    /// One that shows no bug in any of its shards proves nothing, though no shard can tell.
    @Test func mergedReportIsJudgedAsAWhole() async throws {
        let first = try report(1..<2, [Samples.stock], place(1, all: 2))
        let second = try report(3..<4, [Samples.patched], place(2, all: 2))
        #expect(first.verdict.isGood && second.verdict.isGood)
        #expect(try await !merged([first, second]).verdict.isGood)
    }

    @Test func filesThatAreNotAllShardsOfOneJobAreRefused() async throws {
        let first = try report(0..<2, [Samples.stock], place(1))
        let cases: [([ComparisonReport], String)] = [
            ([first], "the report of shard 2/2 is missing"), ([first, first], "are both shard 1/2"),
            (
                [first, try report(2..<4, [Samples.patched], place(2, plan: "q"))],
                "are shards of different jobs"
            ),
            (
                [first, try report(2..<4, [Samples.patched], place(2, series: "feed"))],
                "are shards of different jobs"
            ),
            (
                [first, try report(2..<3, [Samples.patched], place(2))],
                "the reports have 3 results together, of 4"
            ),
            ([first, try report(2..<4, [Samples.patched], nil)], "is the report of a whole run"),
        ]
        for (reports, problem) in cases {
            let error = await #expect(throws: HarnessError.self) { try await merged(reports) }
            #expect(error?.status == .usage)
            #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
        }
        var other = Samples.stock
        other.configDigest = "another"
        let error = await #expect(throws: HarnessError.self) {
            try await merged([first, try report(2..<4, [other, Samples.patched], place(2))])
        }
        #expect(error?.description.contains("different kernels called stock") == true)
    }

    @Test func seriesThatReportsAreAboutIsThatOfTheirFiles() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("1.json")
            for series in ["feed", nil] {
                try Files.write(
                    json: try report(0..<2, [Samples.stock], place(1, series: series)), to: file)
                #expect(try ShardOfReport.series(of: [file]) == series)
            }
        }
    }

    @Test func fileThatIsNoReportIsNamed() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("x.json")
            try write("{}", to: file)
            for file in [file, directory.appending("none.json")] {
                let error = #expect(throws: HarnessError.self) { try MutationReport.merged([file]) }
                #expect(error?.status == .usage)
                #expect(error?.description.contains(file.string) == true)
            }
        }
    }

    @Test func mutationsAreSharedOutAndPutTogether() async throws {
        let series = try Repository.containing(FilePath(#filePath)).root.appending("kernel-patch")
        let all = try Mutation.all(of: series)
        let parts = try (1...2).map { try Mutation.part(of: all, Shard("\($0)/2"), kernel: "patched") }
        #expect(parts.flatMap(\.mutations).map(\.name) == all.map(\.name))
        try await withTemporaryDirectory { directory in
            let files = try parts.enumerated().map { index, part in
                var report = MutationReport(
                    release: "r", accelerator: index == 0 ? "kvm" : "tcg",
                    findings: part.mutations.map { .init(of: $0, .caught, reason: nil) })
                report.place = part.place
                let file = directory.appending("\(index).json")
                try Files.write(json: report, to: file)
                return file
            }
            let merged = try MutationReport.merged(files.reversed())
            #expect(merged.findings.map(\.name) == all.map(\.name))
            #expect(merged.accelerator == "kvm, tcg")
            #expect(merged.place == nil)
            #expect(merged.isGood)
        }
    }
}
