// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct LibraryCatalogueTests {
    private let repository: Repository
    private let catalogue: LibraryCatalogue

    init() throws {
        repository = try Repository.containing(FilePath(#filePath))
        catalogue = try LibraryCatalogue(of: repository)
    }

    /// As `robust-list-check probe` prints it.
    @Test func kernelWithAnotherCallOfTheNumberIsTold() {
        #expect(
            Builders.saysNumberIsTaken(
                "kernel: 6.6\ncleanup_robust_list:   number taken by another system call\n"))
        #expect(
            !Builders.saysNumberIsTaken("kernel: 6.6\ncleanup_robust_list:   absent\n  number 473: ENOSYS\n"))
    }

    @Test func everyVersionHasItsSeriesAndEverySeriesIsListed() throws {
        for project in CLibrary.Project.allCases {
            let directories = Files.list(
                repository.root.appending("libc-patch").appending(project.rawValue))
            #expect(
                directories == catalogue.all.filter { $0.project == project }.map(\.version).sorted())
        }
        for library in catalogue.all {
            let series = try LibrarySource(library: library, repository: repository, progress: Progress())
                .series()
            #expect(series.patches.count == 2)
            #expect(Files.exists(series.directory.appending("0000-cover-letter.patch")))
            #expect(!series.patches.contains { $0.text.contains("***") })
        }
    }

    @Test func unknownVersionIsNamedWithThoseThereAre() throws {
        let error = try #require(
            #expect(throws: HarnessError.self) { try catalogue.library(.musl, version: "0.9.1") })
        #expect(error.status == .usage)
        #expect(
            error.description
                == "there is no series for musl 0.9.1; there are series for 1.2.3, 1.2.5, 1.2.6")
    }

    @Test func unpatchedLibraryHasAnotherNameAndNoSeries() throws {
        let library = try catalogue.library(.musl, version: "1.2.5")
        #expect(library.name == "musl-1.2.5")
        #expect(library.unpatched.name == "musl-1.2.5-unpatched")
        let source = LibrarySource(
            library: library.unpatched, repository: repository, progress: Progress())
        #expect(try source.series().patches.isEmpty)
    }

    @Test(arguments: [
        ("2.36-9+deb12u14", "2.36"), ("1.2.3-1", "1.2.3"), ("1:1.2.3-1", "1.2.3"),
        ("1.2.6-2~a-1", "1.2.6-2~a"),
        ("7", "7"),
    ])
    func upstreamVersionIsWhatDebianAddsTo(version: String, original: String) {
        #expect(PrivateApt.original(of: version) == original)
    }

    /// The same text, but for what differs among versions of a library.
    @Test func seriesOfOneLibrarySayTheSame() throws {
        for project in CLibrary.Project.allCases {
            let letters = try catalogue.all.filter { $0.project == project }.map { library in
                let path = repository.root.appending("libc-patch").appending(project.rawValue)
                    .appending(library.version).appending("0000-cover-letter.patch")
                return try text(of: path).components(separatedBy: "Seed ").dropLast().joined()
            }
            #expect(Set(letters).count == 1)
        }
    }
}

@Suite struct LibraryComparisonTests {
    private func results(_ lines: String...) -> LibraryTestResults {
        LibraryTestResults(lines.joined(separator: "\n"))
    }

    private func problems(
        _ place: LibraryComparison.Place, _ unpatched: LibraryTestResults, _ patched: LibraryTestResults
    ) -> [String] {
        LibraryComparison(library: "x", place: place, unpatched: unpatched, patched: patched).problems
    }

    @Test func linesOfResultsAreRead() {
        let results = results("pass a b", "fail c: it: broke", "noise", "skip d: no kernel")
        #expect(results.results["a b"] == .init(verdict: .passed, reason: ""))
        #expect(results.results["c"] == .init(verdict: .failed, reason: "it: broke"))
        #expect(results.results["d"] == .init(verdict: .skipped, reason: "no kernel"))
        #expect(results.results.count == 3)
    }

    private let onHost = "skip dynamic/cleanup of x: no kernel"

    @Test func sameResultsAreGoodUnlessTheyAreFailures() {
        let same = results("pass a", "skip c: y", onHost)
        #expect(problems(.host, same, same) == [])
        let failing = results("pass a", "fail b: x", onHost)
        #expect(problems(.host, failing, failing) == ["x, host: b: fail (x)"])
    }

    @Test func differencesAreNamed() {
        #expect(
            problems(.host, results("pass a", onHost), results("skip a: gone", onHost))
                == ["x, host: a: pass without the series, skip (gone) with it"])
        #expect(
            problems(.host, results("pass a", onHost), results("pass b", onHost)) == [
                "x, host: a: pass without the series, no result with it",
                "x, host: b: no result without the series, pass with it",
            ])
        #expect(problems(.host, results(), results()) == ["x, host: no test of the series left a result"])
        // A program that ended early leaves its status, and not what would have come.
        let ended = results("pass a", onHost, "fail static/exit: status 139")
        #expect(problems(.host, ended, ended) == ["x, host: static/exit: fail (status 139)"])
    }

    @Test func testsOfTheSeriesPassWhereTheKernelHasTheCall() {
        let (passes, fails, skips) = (
            results("pass dynamic/cleanup of normal robust"),
            results("fail dynamic/cleanup of normal robust: y"),
            results("skip dynamic/cleanup of normal robust: z")
        )
        #expect(problems(.guest, fails, passes) == [])
        #expect(problems(.host, skips, skips) == [])
        #expect(problems(.guest, results(), passes).count == 1)
        #expect(problems(.guest, fails, fails).count == 1)
        #expect(problems(.guest, skips, skips).count == 2)
        #expect(problems(.host, skips, passes).count == 1)
        // It must be able to fail.
        #expect(problems(.guest, passes, passes).count == 1)
        // One that brings the patched library, and one that runs with either.
        let own = "pass tst-robust-destroy-static"
        #expect(problems(.guest, results("pass a"), results("pass a", own)) == [])
        let (unmoved, skipped) = ("fail tst-robust-destroy: x", "skip tst-robust-destroy: x")
        #expect(problems(.guest, results(unmoved), results("pass tst-robust-destroy")) == [])
        #expect(problems(.guest, results("pass a"), results("pass a", "pass tst-robust-destroy")).count == 1)
        #expect(problems(.host, results(skipped), results(skipped)) == [])
        #expect(problems(.guest, results("pass a"), results("pass a")).count == 1)
    }
}

@Suite struct StormTests {
    private func problems(_ text: String, _ setting: Storm.Setting = .preload) -> String {
        Storm.Run(.lmdb, setting, text: text, preload: "p.so").problems.joined()
    }

    @Test func runWithoutHarmHasNoProblem() {
        let text = "storm: destroyed by p.so: 9 transactions, 5 opens, 3 kills; counters 9 and 9\n"
        let run = Storm.Run(.lmdb, .unmap, text: text, preload: "p.so")
        #expect(run.problems == [])
        #expect([run.transactions, run.opens, run.kills] == [9, 5, 3])
        #expect(problems(text.replacing("p.so", with: "libc.so.6"), .without) == "")
    }

    @Test func runThatShowsNothingIsAProblem() {
        let text = "storm: destroyed by p.so: 9 transactions, 5 opens, 3 kills; counters 9 and 9\n"
        #expect(problems(text, .without).contains("destroyed by p.so"))
        #expect(problems(text.replacing("p.so", with: "libc.so.6")).contains("destroyed by libc.so.6"))
        #expect(problems(text.replacing("3 kills", with: "0 kills")).contains("nobody was killed"))
        #expect(problems("storm: process 7: mdb_txn_begin: broken").contains("mdb_txn_begin"))
    }
}
