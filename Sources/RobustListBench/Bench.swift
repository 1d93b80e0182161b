// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import RobustFutex
import TestProcesses

/// Measures cases, each in a process of its own, so that none leaves threads, mappings or peers to the next.
///
/// For robust-list-check only, whose process has one thread: see ``ForkedRun``.
public struct Bench {
    private let clock: CostClock
    private let overhead: Double
    private let limit: Duration

    /// - Parameter limit: for one case, with all its processes.
    /// - Throws: when the clock cannot be read.
    package init(limit: Duration) throws(CheckError) {
        clock = CostClock()
        self.limit = limit
        let nothing = Sampler(source: clock.source, tolerance: clock.tolerance, overhead: 0)
        overhead = try nothing.cost(of: Job(crb_nothing)).decile
    }

    /// The report about this kernel with what was measured.
    ///
    /// - Throws: `Errno` when there is no memory to look at the kernel with.
    public func report(of measurements: [Measurement]) throws -> BenchReport {
        let kernel = try KernelCapabilities.ofThisKernel()
        return BenchReport(
            kernel: .init(
                release: kernel.release, machine: kernel.machine,
                hasCleanupRobustList: BenchCase.lacksCall() == nil),
            clock: .init(unit: clock.unit, evidence: clock.evidence, overhead: overhead),
            measurements: measurements)
    }

    /// Measures one case.
    ///
    /// - Throws: when it could not be brought about, or an operation failed; then there is no cost.
    package func measure(_ item: BenchCase) throws(CheckError) -> Measurement {
        var measurement = Measurement(
            name: item.name, group: item.group, title: item.title, point: item.point,
            systemCalls: item.systemCalls)
        if let reason = item.reasonToSkip() {
            measurement.skipped = reason
            return measurement
        }
        let result = try ForkedRun.value(of: item.name, limit: limit) { () -> CaseResult in
            do {
                return .cost(try cost(of: item))
            } catch {
                return .failed("\(error)")
            }
        }
        switch result {
        case .cost(let cost): measurement.cost = cost
        case .failed(let reason): throw .broken("\(item.name): \(reason)")
        }
        return measurement
    }

    private enum CaseResult: Codable {
        case cost(Summary)
        case failed(String)
    }

    private func cost(of item: BenchCase) throws -> Summary {
        let setup = try Setup(fileLength: item.fileLength)
        let job = try item.job(setup)
        try setup.settle()
        let sampler = Sampler(source: clock.source, tolerance: clock.tolerance, overhead: overhead)
        let cost = try sampler.cost(of: job)
        try setup.end()
        return cost
    }
}
