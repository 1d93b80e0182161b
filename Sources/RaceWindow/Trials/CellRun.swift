// SPDX-License-Identifier: MIT

import RaceReport
import RobustFutex
import TestProcesses

/// Carries one scenario out.
struct CellRun {
    let scenario: Scenario
    let programs: VictimPrograms
    let quick: Bool

    /// Never throws: what went wrong is the cell's verdict.
    func run() -> Cell {
        var cell = Cell(scenario: scenario, verdict: .broken, reason: "did not run")
        let duration = ContinuousClock().measure {
            do {
                try run(&cell)
            } catch let missing as CannotRun {
                cell.verdict = .cannotRun
                cell.reason = missing.reason
            } catch {
                cell.verdict = .broken
                cell.reason = "\(error)"
            }
        }
        cell.seconds = duration / .seconds(1)
        return cell
    }

    private func run(_ cell: inout Cell) throws {
        if scenario.destroyer == .cleanup, !SyscallDetection.ofThisKernel.isPresent {
            let detection = SyscallDetection.ofThisKernel
            throw CannotRun(
                (detection.isFiltered
                    ? "a seccomp filter forbids cleanup_robust_list: "
                    : "kernel has no cleanup_robust_list: ") + detection.verdict.words)
        }
        // The library asks nobody before it makes the call, and passes what another call may take for its own.
        if scenario.destroyer == .patchedLibrary,
            SyscallDetection.ofThisKernel.verdict == .numberTakenBySomethingElse
        {
            throw CannotRun(
                "a patched C library would make another call of this kernel: "
                    + SyscallDetection.ofThisKernel.verdict.words)
        }
        let stage = try Stage(scenario, programs: programs)
        cell.records = try survey(stage)
        cell.boundaries = cell.records.count
        cell.inWindow = cell.records.count(where: \.inWindow)
        guard cell.boundaries > 0 else {
            throw CannotRun("the unlock has no boundary at which it could be held this way")
        }
        for index in chosen(cell.records) {
            try strike(stage, at: index, &cell)
        }
        cell.verdict = cell.corrupted > 0 ? .corrupted : .intact
        cell.reason = nil
        guard cell.tried > 0 else {
            throw CannotRun("the unlock has no race window in which it could be killed")
        }
    }

    /// Goes through the whole unlock once, and does nothing to it.
    private func survey(_ stage: Stage) throws -> [Boundary] {
        var trial = try stage.begin()
        var scribe = try BoundaryScribe(trial.unlocker)
        while let place = trial.place {
            try scribe.note(place, try trial.view.state())
            try trial.advance()
        }
        try stage.finish(trial)
        return scribe.records()
    }

    /// The boundaries that are tried.
    private func chosen(_ records: [Boundary]) -> [Int] {
        if scenario.windowOnly {
            let window = records.filter(\.inWindow).map(\.index)
            guard window.isEmpty else { return window }
            // An unlocker without a window still has to be left alone once it has released the word.
            return records.firstIndex(where: \.released).map { [$0] } ?? []
        }
        // The other techniques have a boundary or two.
        guard quick, scenario.technique == .singleStep else { return records.map(\.index) }
        return records.indices.filter { index in
            let neighbours = [index - 1, index, index + 1].filter(records.indices.contains)
            return neighbours.contains { records[$0].inWindow }
                || neighbours.contains { records[$0].released != records[index].released }
        }
    }

    private func strike(_ stage: Stage, at index: Int, _ cell: inout Cell) throws {
        var trial = try stage.begin()
        for _ in 0..<index where trial.place != nil { try trial.advance() }
        guard trial.place != nil else {
            throw CheckError.broken(
                "the unlock returned before boundary \(index), which it had in the survey")
        }
        let expected = cell.records[index]
        let state = try trial.view.state()
        guard state.released == expected.released, state.pending == expected.pending else {
            throw CheckError.broken(
                "boundary \(index) is not as it was in the survey: word \(state.word), "
                    + "list_op_pending \(state.pending ? "set" : "not set")")
        }
        let aftermath = try stage.strike(trial)
        cell.records[index].outcome = aftermath.outcome
        cell.tried += 1
        if aftermath.outcome == .corrupted { cell.corrupted += 1 }
        if aftermath.outcome == .waits { cell.waits += 1 }
        let complaints = [
            aftermath.contradiction,
            Self.contradiction(
                expected, aftermath.outcome, scenario, kernelHasCall: SyscallDetection.ofThisKernel.isPresent),
        ]
        cell.contradictions += complaints.compactMap { $0 }.map { "boundary \(index): \($0)" }
    }

    /// Compares the outcome of a trial with the required one, which follows from the state alone.
    static func contradiction(
        _ boundary: Boundary, _ outcome: Boundary.Outcome, _ scenario: Scenario, kernelHasCall: Bool
    ) -> String? {
        // A C library may well see to it that this is so; only to threads of its own process it can.
        if outcome == .waits, boundary.released, scenario.memory == .remapped, scenario.unlocker == .musl {
            return nil
        }
        let destroyer = scenario.destroyer
        let isUncleaned = destroyer == .legacy || destroyer.isLeftToLibrary && !kernelHasCall
        let expected: Boundary.Outcome =
            !boundary.released ? .held : boundary.pending && isUncleaned ? .corrupted : .intact
        guard outcome != expected else { return nil }
        return "\(outcome.rawValue), expected \(expected.rawValue): the word is "
            + (boundary.released ? "released" : "not released")
            + ", list_op_pending \(boundary.pending ? "set" : "not set"), the destroyer \(destroyer.rawValue)"
    }
}
