// SPDX-License-Identifier: MIT

import Glibc
import RaceReport
import RobustFutex

/// Carries scenarios out, one after the other.
///
/// From one thread, with nothing else going on in the process: victims are forked from it.
public struct RaceRun {
    public let programs: VictimPrograms
    public let quick: Bool

    public init(programs: VictimPrograms, quick: Bool) {
        self.programs = programs
        self.quick = quick
    }

    /// - Parameters:
    ///   - command: as it was called, for the report.
    ///   - onCell: is told each cell as soon as it is known, with its number from 1.
    public func run(
        _ scenarios: [Scenario], command: [String], onCell: (Int, Cell) -> Void = { _, _ in }
    ) throws -> RaceReport {
        let started = ContinuousClock.now
        let epoch = Double(time(nil))
        let kernel = try KernelCapabilities.ofThisKernel()
        var cells: [Cell] = []
        for scenario in scenarios {
            cells.append(run(scenario))
            onCell(cells.count, cells[cells.count - 1])
        }
        return RaceReport(
            command: command, kernel: RaceReport.Kernel(kernel), libraries: libraries(of: scenarios),
            cells: cells, quick: quick, started: epoch, seconds: (ContinuousClock.now - started) / .seconds(1)
        )
    }

    /// Carries one scenario out.
    public func run(_ scenario: Scenario) -> Cell {
        CellRun(scenario: scenario, programs: programs, quick: quick).run()
    }

    /// The library that the victim of an unlocker says it uses.
    ///
    /// - Throws: ``CannotRun`` when it cannot be started here.
    public func library(of unlocker: Scenario.Unlocker) throws -> RaceReport.Library {
        let program = try programs.program(of: unlocker)
        let victim = try Victim(program, role: "a victim", memory: LockMemory(.shared))
        let words = victim.greeting.library.split(separator: " ", maxSplits: 1).map(String.init)
        let isOwnLock = unlocker == .robustUnlock || unlocker == .keptWaiters
        return RaceReport.Library(
            unlocker: unlocker, name: isOwnLock ? unlocker.rawValue : words.first ?? "",
            version: isOwnLock ? nil : words.count < 2 ? programs.library?.version : words[1],
            bits: victim.greeting.pointerBits,
            program: program.path)
    }

    private func libraries(of scenarios: [Scenario]) -> [RaceReport.Library] {
        Scenario.Unlocker.allCases.filter { scenarios.map(\.unlocker).contains($0) }
            .compactMap { try? library(of: $0) }
    }
}

extension RaceReport.Kernel {
    init(_ kernel: KernelCapabilities) {
        self.init(
            release: kernel.release, machine: kernel.machine,
            cleanupRobustList: kernel.syscall.isAvailable, detection: kernel.syscall.description,
            futexRobustUnlock: kernel.robustUnlock == .supported && !kernel.vdsoFunctions.isEmpty)
    }
}
