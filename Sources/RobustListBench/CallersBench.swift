// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import Glibc
import RobustFutex
import TestProcesses

/// Measures whether processes that call at once make one another search all processes.
///
/// For robust-list-check only, whose process has one thread: see ``ForkedRun``.
public struct CallersBench {
    public var callers = 4
    public var unrelated = 4_000
    public var pairs = 9
    /// Of a round.
    public var window = Duration.seconds(2)
    /// For all of it.
    public var limit = Duration.seconds(1_800)
    public static let mostCallers = CRB_MOST_CALLERS

    public init() {}

    /// - Throws: when it could not be measured, or a call failed.
    public func report() throws -> CallersReport {
        let kernel = try KernelCapabilities.ofThisKernel()
        let reason = BenchCase.lacksCall()
        var report = CallersReport(
            kernel: .init(
                release: kernel.release, machine: kernel.machine, hasCleanupRobustList: reason == nil),
            processors: sysconf(Int32(_SC_NPROCESSORS_ONLN)), callers: callers, unrelated: unrelated,
            pairs: [],
            skipped: reason)
        guard reason == nil else { return report }
        let result = try ForkedRun.value(of: "callers", limit: limit) { () -> Result in
            do {
                return .pairs(try measure())
            } catch {
                return .failed("\(error)")
            }
        }
        switch result {
        case .pairs(let pairs): report.pairs = pairs
        case .failed(let reason): throw CheckError.broken(reason)
        }
        return report
    }

    private enum Result: Codable {
        case pairs([CallersReport.Pair])
        case failed(String)
    }

    /// The time that callers run before they are measured: the kernel may still be busy with the end of thousands of
    /// processes.
    private static let warmUp = Duration.milliseconds(500)

    private func measure() throws -> [CallersReport.Pair] {
        let setup = try Setup()
        let callers = try Callers(self.callers, of: setup.file, length: setup.fileLength)
        var result: [CallersReport.Pair] = []
        for number in 0..<pairs {
            // Alternating: one pair begins with what the one before ended with.
            let begins = number % 2 == 1
            let first = try round(callers, on: setup, withUnrelated: begins)
            let second = try round(callers, on: setup, withUnrelated: !begins)
            result.append(begins ? .init(without: second, with: first) : .init(without: first, with: second))
        }
        try setup.end()
        try callers.end()
        return result
    }

    private func round(
        _ callers: borrowing Callers, on setup: Setup, withUnrelated: Bool
    ) throws -> CallersReport.Round {
        if withUnrelated, setup.peers.isEmpty {
            try setup.startUnrelated(unrelated)
            try setup.settle()
        } else if !withUnrelated {
            try setup.end()
        }
        return try callers.round(warmUp: Self.warmUp, window: window)
    }
}
