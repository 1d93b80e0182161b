// SPDX-License-Identifier: MIT

import Glibc
import RaceReport
import RobustFutex
import Synchronization
import SystemPackage
import Testing

@testable import RaceWindow

/// Victims of C libraries, built by the compilers of this machine where the command would look for them: beside
/// the test bundle.
private let programs: VictimPrograms = {
    do {
        let programs = try VictimPrograms.besideThisProgram()
        guard mkdir(programs.directory.string, 0o755) == 0 || errno == EEXIST else { return programs }
        // One that cannot be built is found missing by the scenarios that need it.
        for recipe in VictimRecipe.all { try? recipe.build(in: programs.directory) }
        return programs
    } catch {
        return VictimPrograms(in: "/nowhere")
    }
}()

/// One cell at a time: ptrace(2) and seccomp(2) are looked at by others, too.
private let cells = Mutex<[Scenario: Cell]>([:])

private func cell(_ scenario: Scenario) -> Cell {
    cells.withLock { known in
        if let cell = known[scenario] { return cell }
        let cell = RaceRun(programs: programs, quick: true).run(scenario)
        known[scenario] = cell
        return cell
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips where the scenario cannot be carried out. Found out only when the test is about to run: every run
    /// of the bundle constructs the traits of all tests.
    static func runs(_ scenario: Scenario) -> Self {
        .enabled(
            if: cell(scenario).verdict != .cannotRun,
            "needs \(scenario.needs); robust-list-check race --scenario \(scenario.identifier) says what is missing"
        )
    }
}

extension Scenario {
    fileprivate var needs: String {
        var needs = [technique == .seccomp ? "seccomp(2) with user notifications" : "ptrace(2) of children"]
        if let recipe = VictimRecipe.of(unlocker) {
            needs.append("\(recipe.compiler) for \(unlocker.rawValue)")
        }
        if unlocker == .robustUnlock { needs.append("FUTEX_ROBUST_UNLOCK (Linux 7.2)") }
        if destroyer == .cleanup { needs.append("cleanup_robust_list(2)") }
        return needs.joined(separator: ", ")
    }
}

/// The race of unmodified C libraries on the kernel that the tests run on, whatever it is: memory is written
/// to exactly where the word is released and the pending operation still set.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct HostRaceTests {
    private static let singleStep = Scenario(.singleStep, .own, .plain, .shared, .sigkill, .legacy)
    private static let remapped = Scenario(.singleStep, .own, .plain, .remapped, .sigkill, .legacy)
    private static let fault = Scenario(.singleStep, .own, .plain, .shared, .fault, .legacy)
    private static let wake = Scenario(.seccomp, .own, .contended, .shared, .sigkill, .legacy)
    private static let unlockPI = Scenario(
        .syscallStop, .own, .priorityInheritanceContended, .shared, .sigkill, .legacy)
    private static let withTheCall = Scenario(.singleStep, .own, .plain, .shared, .sigkill, .cleanup)
    private static let glibc64 = Scenario(.singleStep, .glibc64, .contended, .file, .sigkill, .legacy)
    private static let glibc32 = Scenario(.singleStep, .glibc32, .plain, .shared, .sigkill, .legacy)
    private static let musl = Scenario(.singleStep, .musl, .plain, .shared, .exec, .legacy)
    private static let muslOwnProcess = Scenario(.singleStep, .musl, .plain, .remapped, .sigkill, .legacy)
    private static let robustUnlock = Scenario(
        .singleStep, .robustUnlock, .contended, .shared, .sigkill, .legacy)

    private static let keptWaiters = Scenario(
        .singleStep, .keptWaiters, .contended, .shared, .sigkill, .legacy)
    private static let keptWaitersWithTheCall = Scenario(
        .seccomp, .keptWaiters, .contended, .shared, .sigkill, .cleanup)

    private func expectCorruptedInWindow(_ scenario: Scenario) {
        let cell = cell(scenario)
        #expect(cell.verdict == .corrupted, "\(cell.summary)")
        #expect(cell.contradictions == [])
        #expect(cell.inWindow > 0)
        let corrupted = cell.records.filter { $0.outcome == .corrupted }
        #expect(corrupted == cell.records.filter(\.inWindow))
        #expect(corrupted.count == cell.corrupted)
    }

    @Test(.runs(singleStep)) func singleStepFindsTheWindowOfThisLibrary() {
        expectCorruptedInWindow(Self.singleStep)
        let cell = cell(Self.singleStep)
        #expect(cell.boundaries > cell.tried, "quick leaves boundaries out")
        #expect(cell.records.contains { $0.outcome == .held }, "the boundary before the release was tried")
        #expect(cell.records.contains { $0.outcome == .intact }, "the one after the window was tried")
        #expect(cell.records.first?.location == "pthread_mutex_unlock")
    }

    @Test(.runs(remapped)) func corruptsFileMappedWhereTheLockWas() { expectCorruptedInWindow(Self.remapped) }
    @Test(.runs(fault)) func corruptsWhenAnotherThreadFaults() { expectCorruptedInWindow(Self.fault) }
    @Test(.runs(wake)) func notificationHoldsTheWakeInTheWindow() { expectCorruptedInWindow(Self.wake) }

    @Test(.runs(unlockPI)) func syscallStopFindsBothSidesOfTheHandOver() {
        expectCorruptedInWindow(Self.unlockPI)
        #expect(cell(Self.unlockPI).records.map(\.inWindow) == [false, true])
        #expect(
            cell(Self.unlockPI).records.map(\.location) == [
                "futex(FUTEX_UNLOCK_PI) entry", "futex(FUTEX_UNLOCK_PI) exit",
            ])
    }

    @Test(.runs(glibc64)) func corruptsFileUnderGlibc64() { expectCorruptedInWindow(Self.glibc64) }
    @Test(.runs(glibc32)) func corruptsMemoryUnderGlibc32() { expectCorruptedInWindow(Self.glibc32) }
    @Test(.runs(musl)) func corruptsMemoryUnderMuslWhenAnotherThreadExecs() {
        expectCorruptedInWindow(Self.musl)
    }

    @Test(.runs(muslOwnProcess)) func muslWaitsForUnlocksOfItsOwnProcess() {
        let cell = cell(Self.muslOwnProcess)
        #expect(cell.verdict == .intact, "\(cell.summary)")
        #expect(cell.contradictions == [])
        #expect(cell.inWindow > 0)
        #expect(cell.records.filter(\.inWindow).allSatisfy { $0.outcome == .waits })
    }

    @Test(.runs(withTheCall)) func keepsMemoryIntactAfterTheCall() {
        let cell = cell(Self.withTheCall)
        #expect(cell.verdict == .intact, "\(cell.summary)")
        #expect(cell.inWindow > 0)
        #expect(cell.contradictions == [])
    }

    @Test(.runs(keptWaiters)) func corruptsMemoryWhereWaitersBitStaysInTheReleasedWord() {
        expectCorruptedInWindow(Self.keptWaiters)
    }

    @Test(.runs(keptWaitersWithTheCall)) func keepsMemoryIntactWhereWaitersBitStaysInTheReleasedWord() {
        let cell = cell(Self.keptWaitersWithTheCall)
        #expect(cell.verdict == .intact, "\(cell.summary)")
        #expect(cell.inWindow > 0)
        #expect(cell.contradictions == [])
    }

    @Test(.runs(robustUnlock)) func robustUnlockHasNoWindow() {
        let cell = cell(Self.robustUnlock)
        #expect(cell.verdict == .intact, "\(cell.summary)")
        #expect(cell.inWindow == 0)
        #expect(cell.contradictions == [])
    }
}
