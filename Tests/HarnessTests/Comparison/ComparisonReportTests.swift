// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import Testing

@testable import GuestHarness

@Suite struct ComparisonReportTests {
    @Test func groupIsAsBadAsItsWorstScenario() throws {
        let plain = Samples.scenario()
        let contended = Samples.scenario(variant: .contended)
        let inheriting = Samples.scenario(variant: .priorityInheritance)
        func group(_ cells: [Cell]) throws -> ComparisonGroup {
            let all = ComparisonGroup.all(
                of: try cells.map { try Samples.compared($0, on: Samples.stock) }, kernels: [Samples.stock])
            #expect(all.count == 1)
            return all[0]
        }
        let hit = Samples.cell(plain, corruptedAt: [4, 5, 6])
        let spared = Samples.cell(contended, corruptedAt: [])
        let idle = Samples.cannotRun(inheriting)
        let broken = Cell(scenario: inheriting, verdict: .broken, reason: "a limit passed")

        let mixed = try group([spared, hit, idle])
        #expect(mixed.summary == "corrupted 3 of 20")
        #expect(mixed.extent == "3 scenarios, 1 without a result")
        #expect(mixed.isWrong)
        #expect(try group([spared, broken]).summary == "broken: a limit passed")
        #expect(try group([spared, idle]).summary == "intact 10 of 10")
        #expect(try group([idle]).summary == "cannot run: the kernel has no such call")
        #expect(try group([idle]).extent == "1 scenario")
        #expect(try !group([hit]).isWrong)
    }

    @Test func goodComparisonPassesAndSaysWhatWasSeen() throws {
        let report = Samples.comparison(try Samples.good())
        #expect(report.verdict.isGood)
        #expect(report.verdict.problems == [])
        #expect(
            report.verdict.findings == [
                "stock: with a legacy unlocker and a legacy destroyer, corrupted at 3 of 10 boundaries tried",
                "patched: with a legacy unlocker and a legacy destroyer, corrupted at 3 of 10 boundaries tried",
                "patched: with a legacy unlocker and a destroyer that calls cleanup_robust_list(),"
                    + " intact at all 10 boundaries tried",
            ])
        #expect(
            ComparisonTable.conclusion(of: report).last
                == "PASSED: 4 cells: 3 ran, 1 cannot run, 0 broken; 0 problems")
    }

    @Test func tableOfAPageHasAColumnForEachDestroyer() throws {
        var report = Samples.comparison(try Samples.good())
        let cells = ["| stock | glibc64 | corrupted 3 of 10 | cannot run | – | – | – |"]
        let patched = "| patched | glibc64 | corrupted 3 of 10 | intact 10 of 10 | – | – | – |"
        #expect(Array(ComparisonTable.markdown(of: report)[2...3]) == cells + [patched])
        #expect(
            ComparisonTable.markdown(of: report).suffix(3)
                == ["```", "PASSED: 4 cells: 3 ran, 1 cannot run, 0 broken; 0 problems", "```"])

        let hit = Samples.cell(Samples.scenario(.glibc64, .cleanup), corruptedAt: [5])
        report = Samples.comparison([try Samples.compared(hit, on: Samples.patched)], [Samples.patched])
        #expect(
            ComparisonTable.markdown(of: report)[2]
                == "| patched | glibc64 | – | corrupted 1 of 10 **WRONG** | – | – | – |")
    }

    @Test func comparisonInWhichTheBugDoesNotShowFails() throws {
        var cells = try Samples.good()
        cells[0] = try Samples.compared(Samples.cell(Samples.scenario(), corruptedAt: []), on: Samples.stock)
        let verdict = Samples.comparison(cells).verdict
        #expect(!verdict.isGood)
        #expect(verdict.problems.first?.hasPrefix("stock does not show the bug: ") == true)
    }

    /// Every chosen cell is as expected, and yet nothing was shown: the legacy destroyer was left out.
    @Test func stockKernelWithoutLegacyCellsFails() throws {
        let verdict = Samples.comparison(Array(try Samples.good()[1...]), [Samples.stock, Samples.patched])
            .verdict
        #expect(verdict.problems.count == 1)
        #expect(verdict.problems.first?.hasPrefix("stock does not show the bug: ") == true)
    }

    /// There the call that a library makes fails, and the bug shows.
    @Test func stockKernelShowsTheBugWithALibraryThatMakesTheCall() throws {
        let scenario = Samples.scenario(.glibc64, .preload)
        let cells = [
            try Samples.compared(Samples.cell(scenario, corruptedAt: [4, 5, 6]), on: Samples.stock),
            try Samples.compared(Samples.cell(scenario, corruptedAt: []), on: Samples.patched),
        ]
        #expect(Samples.comparison(cells, [Samples.stock, Samples.patched]).verdict.problems == [])
    }

    @Test func nothingRunFails() throws {
        let idle = try Samples.compared(Samples.cannotRun(Samples.scenario()), on: Samples.own)
        #expect(
            Samples.comparison([idle], [Samples.own]).verdict.problems
                == ["no scenario ran: this comparison shows nothing"])
    }

    @Test func ownKernelIsToldWhatItHas() throws {
        let cell = try Samples.compared(
            Samples.cell(Samples.scenario(), corruptedAt: [4, 5, 6]), on: Samples.own)
        let verdict = Samples.comparison([cell], [Samples.own]).verdict
        #expect(verdict.isGood)
        #expect(
            verdict.remarks
                == ["bzImage is your own: cleanup_robust_list(2) absent; FUTEX_ROBUST_UNLOCK supported"])
    }

    @Test func missingControlIsRemarked() throws {
        let verdict = Samples.comparison(Array(try Samples.good()[2...]), [Samples.patched]).verdict
        #expect(verdict.isGood)
        #expect(
            verdict.remarks == ["no stock kernel was chosen: this comparison has nothing to compare with"])
    }

    @Test func brokenCellFails() throws {
        let broken = ComparedCell(
            broken: "the guest never came up", scenario: Samples.scenario(variant: .contended),
            kernel: Samples.patched)
        let verdict = Samples.comparison(try Samples.good() + [broken]).verdict
        #expect(
            verdict.problems == [
                "patched single-step/glibc64/contended/shared/sigkill/legacy: broken: the guest never came up"
            ])
    }

    @Test func tableHasALineForEachGroup() throws {
        let lines = ComparisonTable.lines(of: Samples.comparison(try Samples.good()))
        #expect(
            lines == [
                "kernel   unlocker  destroyer  result",
                "stock    glibc64   legacy     corrupted 3 of 10                        1 scenario",
                "stock    glibc64   cleanup    cannot run: the kernel has no such call  1 scenario",
                "",
                "patched  glibc64   legacy     corrupted 3 of 10                        1 scenario",
                "patched  glibc64   cleanup    intact 10 of 10                          1 scenario",
            ])
    }

    @Test func reportComesBackFromItsFileAsItWas() async throws {
        let report = Samples.comparison(try Samples.good())
        try await withTemporaryDirectory { directory in
            let path = directory.appending("comparison.json")
            try Files.write(json: report, to: path)
            let read = try JSONDecoder().decode(ComparisonReport.self, from: Files.read(path))
            #expect(read == report)
            #expect(read.cells[0].window == [4, 5, 6])
            #expect(read.cells[0].corruptedAt == [4, 5, 6])
            #expect(try text(of: path).contains(#""name" : "robust-futex comparison""#))
        }
    }
}
