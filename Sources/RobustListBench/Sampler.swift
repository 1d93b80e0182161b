// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import RobustFutex
import TestProcesses

/// An operation that is measured, between two readings of the clock, and what comes before and after it.
struct Job {
    var prepare: crb_operation?
    var measure: crb_operation
    var settle: crb_operation?
    /// Passed to all three; must live as long as the job.
    var context: UnsafeMutableRawPointer?

    init(
        _ measure: crb_operation, on context: UnsafeMutableRawPointer? = nil, prepare: crb_operation? = nil,
        settle: crb_operation? = nil
    ) {
        self.measure = measure
        self.context = context
        self.prepare = prepare
        self.settle = settle
    }
}

/// Takes samples of a job until they no longer change what is reported.
struct Sampler {
    let source: crb_clock
    let tolerance: Double
    /// Subtracted from each sample.
    let overhead: Double

    private static let warmUps = 3
    private static let batchLimit = 30

    func cost(of job: Job) throws(CheckError) -> Summary {
        let first = try samples(of: job, count: Self.warmUps)
        let batch = Self.batchSize(forCost: first.min()!)
        var steadiness = Steadiness(tolerance: tolerance)
        var all: [Double] = []
        for _ in 0..<Self.batchLimit where !steadiness.isReached {
            let next = try samples(of: job, count: batch).map { max(0, $0 - overhead) }
            steadiness.add(next)
            all += next
        }
        return Summary(all, isStable: steadiness.isReached)
    }

    /// Many: how a wake-up or an exit goes depends on what ran before, and the shortest way has to be in each batch.
    /// Dear cases get fewer: it takes an interrupt about as long as a cheap one to come by.
    private static func batchSize(forCost cost: Double) -> Int {
        let batchCost = 20_000_000.0
        return min(max(Int(batchCost / max(cost, 1)), 7), 1_000)
    }

    private func samples(of job: Job, count: Int) throws(CheckError) -> [Double] {
        var job = crb_job(
            prepare: job.prepare, measure: job.measure, settle: job.settle, context: job.context)
        var samples = [UInt64](repeating: 0, count: count)
        let result = crb_sample(source, &job, &samples, count)
        guard result == 0 else { throw .broken("the operation failed: \(resultName(result))") }
        return samples.map { Double($0) }
    }
}
