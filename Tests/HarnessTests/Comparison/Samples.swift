// SPDX-License-Identifier: MIT

import RaceReport

@testable import GuestHarness

/// Kernels and cells as a comparison has them, made up.
enum Samples {
    static let stock = kernel("stock", patched: false, release: "7.3.4-stock")
    static let patched = kernel("patched", patched: true, release: "7.3.4-patched")
    static let old = kernel("stock-6.12", patched: false, release: "6.12.38-stock-6.12")
    static let own = ComparedKernel(
        name: "bzImage", architecture: "x86_64", release: "7.9.0", expected: nil, imageDigest: "c0ffee",
        configDigest: nil)

    static func kernel(
        _ name: String, patched: Bool, release: String, architecture: String = "x86_64"
    ) -> ComparedKernel {
        ComparedKernel(
            name: name, architecture: architecture, release: release,
            expected: .init(patched: patched, release: release),
            imageDigest: "0123456789abcdef0123", configDigest: "fedcba")
    }

    static func scenario(
        _ unlocker: Scenario.Unlocker = .glibc64, _ destroyer: Scenario.Destroyer = .legacy,
        _ technique: Scenario.Technique = .singleStep, variant: Scenario.Variant = .plain
    ) -> Scenario {
        Scenario(technique, unlocker, variant, .shared, .sigkill, destroyer)
    }

    /// A scenario that ran at ten boundaries, of which 4 to 6 lie in the window.
    static func cell(
        _ scenario: Scenario, corruptedAt hit: [Int], window: Range<Int> = 4..<7, untried: Set<Int> = []
    ) -> Cell {
        let records = (0..<10).map { index in
            Boundary(
                index: index, location: "pthread_mutex_unlock+\(index)",
                word: index < window.lowerBound ? 77 : 0, released: index >= window.lowerBound,
                pending: index < window.upperBound,
                outcome: untried.contains(index)
                    ? nil
                    : hit.contains(index) ? .corrupted : index < window.lowerBound ? .held : .intact)
        }
        return Cell(
            scenario: scenario, verdict: hit.isEmpty ? .intact : .corrupted, boundaries: 10,
            inWindow: window.count, tried: 10 - untried.count, corrupted: hit.count, records: records,
            seconds: 1.5)
    }

    static func cannotRun(_ scenario: Scenario) -> Cell {
        Cell(scenario: scenario, verdict: .cannotRun, reason: "the kernel has no such call")
    }

    static func report(_ cells: [Cell], schema: RaceReport.Schema = .current) -> RaceReport {
        var report = RaceReport(
            command: ["robust-list-check", "race", "--json", "/tmp/race.json"],
            kernel: .init(
                release: "7.3.4-stock", machine: "x86_64", cleanupRobustList: false, detection: "absent",
                futexRobustUnlock: true),
            libraries: [
                .init(
                    unlocker: .glibc64, name: "glibc", version: "2.36", bits: 64, program: "/usr/bin/<victim>"
                )
            ], cells: cells, quick: false, started: 1_790_000_000, seconds: 2)
        report.schema = schema
        return report
    }

    static func finished(_ cell: Cell) throws -> FinishedCell {
        try FinishedCell(report([cell]), of: cell.scenario, accelerator: .tcg, run: "20261124-000000-x-1")
    }

    static func compared(_ cell: Cell, on kernel: ComparedKernel) throws -> ComparedCell {
        ComparedCell(try finished(cell), kernel: kernel, quick: false)
    }

    /// Stock and patched, all as it must be.
    static func good() throws -> [ComparedCell] {
        let legacy = scenario()
        let cleanup = scenario(.glibc64, .cleanup)
        return [
            try compared(cell(legacy, corruptedAt: [4, 5, 6]), on: stock),
            try compared(cannotRun(cleanup), on: stock),
            try compared(cell(legacy, corruptedAt: [4, 5, 6]), on: patched),
            try compared(cell(cleanup, corruptedAt: []), on: patched),
        ]
    }

    static func comparison(_ cells: [ComparedCell], _ kernels: [ComparedKernel] = [stock, patched])
        -> ComparisonReport
    {
        ComparisonReport(
            command: ["./qemu/compare", "--scenarios", "<b>&'\"</b>"], quick: false, started: 1_790_000_000,
            seconds: 60, machine: .init(MachineOptions(), imageDigest: "feed"), kernels: kernels, cells: cells
        )
    }
}
