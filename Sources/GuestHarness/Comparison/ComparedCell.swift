// SPDX-License-Identifier: MIT

import RaceReport

/// One scenario on one kernel, as the comparison's own file has it.
public struct ComparedCell: Codable, Equatable, Sendable {
    public var kernel: String
    /// The result without its records: all that is known of every boundary is in the cell's own file.
    public var cell: Cell
    /// The expected result, in words.
    public var expected: String
    /// Problems of the cell; empty when the result is the expected one.
    public var problems: [String]
    /// The indices of the boundaries in the race window, of those tried, and of those corrupted.
    public var window: [Int]
    public var triedAt: [Int]
    public var corruptedAt: [Int]
    /// The command that was run in the guest, and what it found there; nil when nothing was heard of it.
    public var origin: Origin?

    public struct Origin: Codable, Equatable, Sendable {
        public var command: [String]
        public var kernel: RaceReport.Kernel
        public var library: RaceReport.Library?
        public var accelerator: Accelerator
        /// In seconds since 1970.
        public var started: Double
        /// Below `build/runs`: the console and the QEMU command.
        public var run: String
    }

    public init(_ finished: FinishedCell, kernel: ComparedKernel, quick: Bool) {
        self.kernel = kernel.name
        cell = finished.cell
        let expectation = CellExpectation(of: cell.scenario, on: kernel)
        expected = expectation.words
        problems = expectation.problems(with: cell, quick: quick)
        window = cell.records.filter(\.inWindow).map(\.index)
        triedAt = cell.records.filter { $0.outcome != nil }.map(\.index)
        corruptedAt = cell.records.filter { $0.outcome == .corrupted }.map(\.index)
        cell.records = []
        origin = Origin(
            command: finished.command, kernel: finished.kernel, library: finished.library,
            accelerator: finished.accelerator, started: finished.started, run: finished.run)
    }

    /// A scenario that left nothing: neither result nor reason of its own.
    public init(broken reason: String, scenario: Scenario, kernel: ComparedKernel) {
        self.kernel = kernel.name
        cell = Cell(scenario: scenario, verdict: .broken, reason: reason)
        expected = CellExpectation(of: scenario, on: kernel).words
        problems = [cell.summary]
        (window, triedAt, corruptedAt) = ([], [], [])
    }

    public var scenario: Scenario { cell.scenario }
}
