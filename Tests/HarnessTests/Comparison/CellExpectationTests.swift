// SPDX-License-Identifier: MIT

import RaceReport
import Testing

@testable import GuestHarness

@Suite struct CellExpectationTests {
    private func problems(_ cell: Cell, on kernel: ComparedKernel, quick: Bool = false) -> [String] {
        CellExpectation(of: cell.scenario, on: kernel).problems(with: cell, quick: quick)
    }

    private let legacy = Samples.scenario()
    private let cleanup = Samples.scenario(.glibc64, .cleanup)

    @Test func everyPairOfUnlockerAndDestroyerHasItsExpectation() {
        func expectation(
            _ unlocker: Scenario.Unlocker, _ destroyer: Scenario.Destroyer, _ kernel: ComparedKernel
        )
            -> CellExpectation
        {
            CellExpectation(of: Samples.scenario(unlocker, destroyer), on: kernel)
        }
        for unlocker in Scenario.Unlocker.allCases where unlocker.isLegacy {
            #expect(expectation(unlocker, .legacy, Samples.stock) == .corrupted)
            #expect(expectation(unlocker, .legacy, Samples.patched) == .corrupted)
            #expect(expectation(unlocker, .legacy, Samples.old) == .corrupted)
            #expect(expectation(unlocker, .cleanup, Samples.patched) == .intact)
            #expect(expectation(unlocker, .cleanup, Samples.stock) == .cannotRun("the series is not applied"))
            #expect(expectation(unlocker, .legacy, Samples.own) == .anything)
        }
        for destroyer in [Scenario.Destroyer.patchedLibrary, .preload, .preloadUnmap] {
            #expect(expectation(.glibc64, destroyer, Samples.patched) == .intact)
            #expect(expectation(.glibc64, destroyer, Samples.stock) == .corrupted)
            #expect(expectation(.glibc64, destroyer, Samples.old) == .corrupted)
        }
        #expect(expectation(.robustUnlock, .legacy, Samples.stock) == .intact)
        #expect(expectation(.robustUnlock, .legacy, Samples.patched) == .intact)
        #expect(expectation(.robustUnlock, .cleanup, Samples.patched) == .intact)
        for destroyer in Scenario.Destroyer.allCases {
            #expect(
                expectation(.robustUnlock, destroyer, Samples.old)
                    == .cannotRun("FUTEX_ROBUST_UNLOCK came with Linux 7.2"))
        }
    }

    @Test func releaseTellsWhetherThereIsRobustUnlock() {
        func has(_ release: String) -> Bool {
            ComparedKernel.Abilities(patched: false, release: release).futexRobustUnlock
        }
        #expect(has("7.2.0-stock"))
        #expect(has("7.10.1"))
        #expect(has("8.0-rc1"))
        #expect(!has("7.1.9"))
        #expect(!has("6.12.38-stock-6.12"))
        #expect(!has(""))
    }

    /// musl makes no system call in the window of a contended unlock; a single step reaches it.
    @Test func muslsContendedUnlockHasNoStopInTheWindow() {
        let steps = Samples.scenario(.musl, .legacy, .singleStep, variant: .contended)
        let notified = Samples.scenario(.musl, .legacy, .seccomp, variant: .contended)
        let inheriting = Samples.scenario(
            .musl, .legacy, .syscallStop, variant: .priorityInheritanceContended)
        #expect(CellExpectation(of: steps, on: Samples.stock) == .corrupted)
        #expect(CellExpectation(of: notified, on: Samples.stock) == .intact)
        #expect(CellExpectation(of: inheriting, on: Samples.stock) == .corrupted)
        #expect(problems(Samples.cell(notified, corruptedAt: [], window: 4..<4), on: Samples.stock) == [])
    }

    @Test func whatIsAsItMustBeHasNoProblem() {
        #expect(problems(Samples.cell(legacy, corruptedAt: [4, 5, 6]), on: Samples.stock) == [])
        #expect(problems(Samples.cell(legacy, corruptedAt: [4, 5, 6]), on: Samples.patched) == [])
        #expect(problems(Samples.cell(cleanup, corruptedAt: []), on: Samples.patched) == [])
        #expect(problems(Samples.cannotRun(cleanup), on: Samples.stock) == [])
    }

    @Test func bugThatDoesNotShowIsAProblem() {
        let found = problems(Samples.cell(legacy, corruptedAt: []), on: Samples.stock)
        #expect(found.contains("intact 10 of 10: the bug does not show"))
    }

    @Test func boundaryOutsideOfTheWindowIsNamed() {
        #expect(
            problems(Samples.cell(legacy, corruptedAt: [4, 5, 6, 7]), on: Samples.stock)
                == ["corrupted outside of the window: boundary 7 (pthread_mutex_unlock+7)"])
    }

    @Test func boundaryOfTheWindowThatIsSparedIsNamed() {
        #expect(
            problems(Samples.cell(legacy, corruptedAt: [4, 6]), on: Samples.stock)
                == ["in the window and not corrupted: boundary 5 (pthread_mutex_unlock+5)"])
    }

    @Test func corruptionDespiteTheCallIsAProblem() {
        #expect(
            problems(Samples.cell(cleanup, corruptedAt: [5]), on: Samples.patched)
                == ["corrupted 1 of 10", "corrupted: boundary 5 (pthread_mutex_unlock+5)"])
    }

    /// Intact at every boundary but never in the window: nothing was shown.
    @Test func intactWithoutAWindowIsAProblem() {
        #expect(
            problems(Samples.cell(cleanup, corruptedAt: [], window: 4..<4), on: Samples.patched)
                == ["no boundary lies in the race window"])
    }

    @Test func cellThatCannotRunWhereItMustIsAProblem() {
        #expect(problems(Samples.cannotRun(legacy), on: Samples.stock) == [Samples.cannotRun(legacy).summary])
        #expect(problems(Samples.cannotRun(cleanup), on: Samples.patched).count == 1)
    }

    @Test func cellThatRunsWhereItCannotIsAProblem() {
        #expect(
            problems(Samples.cell(cleanup, corruptedAt: []), on: Samples.stock)
                == ["intact 10 of 10, though it cannot run: the series is not applied"])
    }

    @Test func boundaryLeftOutIsNamedUnlessThatWasAskedFor() {
        let outside = Samples.cell(legacy, corruptedAt: [4, 5, 6], untried: [0, 9])
        #expect(
            problems(outside, on: Samples.stock)
                == ["not tried: boundary 0 (pthread_mutex_unlock+0), 9 (pthread_mutex_unlock+9)"])
        #expect(problems(outside, on: Samples.stock, quick: true) == [])
        let inside = Samples.cell(legacy, corruptedAt: [4, 6], untried: [5])
        #expect(
            problems(inside, on: Samples.stock, quick: true)
                == ["not tried: boundary 5 (pthread_mutex_unlock+5)"])
    }

    @Test func countsThatAreNotThoseOfTheRecordsAreAProblem() {
        var cell = Samples.cell(legacy, corruptedAt: [4, 5, 6])
        cell.corrupted = 2
        #expect(problems(cell, on: Samples.stock) == ["its counts are not those of its records"])
        cell = Samples.cell(legacy, corruptedAt: [4, 5, 6])
        cell.verdict = .intact
        #expect(problems(cell, on: Samples.stock).contains("its verdict is not that of its records"))
    }

    @Test func contradictionsOfTheProgramAreProblems() {
        var cell = Samples.cell(cleanup, corruptedAt: [])
        cell.contradictions = ["the waiter did not get EOWNERDEAD"]
        #expect(problems(cell, on: Samples.patched) == cell.contradictions)
    }

    @Test func ofAnOwnKernelOnlyWhatBreaksIsAProblem() {
        #expect(problems(Samples.cell(legacy, corruptedAt: []), on: Samples.own) == [])
        #expect(problems(Samples.cell(cleanup, corruptedAt: [5]), on: Samples.own) == [])
        #expect(problems(Samples.cannotRun(cleanup), on: Samples.own) == [])
        let broken = Cell(scenario: legacy, verdict: .broken, reason: "a process ended early")
        for kernel in [Samples.own, Samples.stock, Samples.old] {
            #expect(problems(broken, on: kernel) == ["broken: a process ended early"])
        }
    }
}
