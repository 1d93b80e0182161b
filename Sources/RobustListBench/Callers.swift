// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import Glibc
import RobustFutex
import TestProcesses

/// Processes that all call at once, in rounds; see crb_callers.h.
struct Callers: ~Copyable {
    private let count: Int
    private let callers: OpaquePointer
    private let counters: SearchCounters

    init(_ count: Int, of file: borrowing MemoryFile, length: Int) throws {
        var pointer: OpaquePointer?
        try required(
            "\(count) callers", crb_start_callers(&pointer, UInt32(count), file.descriptor.rawValue, length))
        let started = pointer!
        // The processes die with this one when that fails.
        let counters = try SearchCounters(of: (0..<UInt32(count)).map { crb_caller_pid(started, $0) })
        self.count = count
        callers = started
        self.counters = counters
    }

    /// Has them call, and looks at what they do from the end of `warmUp` on for as long as `window`.
    func round(warmUp: Duration, window: Duration) throws -> CallersReport.Round {
        try awaitRest()
        let before = try counters.read()
        crb_begin_round(callers)
        Self.pause(warmUp)
        try Deadline.poll(for: "every caller to be calling") { [first = try calls()] in
            try zip(first, calls()).allSatisfy { $0 < $1 }
        }
        let clock = ContinuousClock()
        let begin = clock.now
        let (firstCalls, firstSearches) = (try calls(), try counters.read())
        // Each began by searching once on purpose: a counter that has not seen it would not see others either.
        for (caller, counts) in zip(before, firstSearches).enumerated() where counts.0 == counts.1 {
            throw CheckError.broken("the searches of caller \(caller + 1) are not counted")
        }
        Self.pause(window)
        let end = clock.now
        let (lastCalls, lastSearches) = (try calls(), try counters.read())
        crb_end_round(callers)
        for (caller, counts) in zip(firstCalls, lastCalls).enumerated() where counts.0 == counts.1 {
            throw CheckError.broken("caller \(caller + 1) made no call within \(window)")
        }
        return CallersReport.Round(
            calls: Self.sum(lastCalls) - Self.sum(firstCalls), seconds: (end - begin) / .seconds(1),
            searches: Self.sum(lastSearches) - Self.sum(firstSearches))
    }

    consuming func end() throws {
        try required("the end of the callers", crb_end_callers(callers))
    }

    private func awaitRest() throws {
        try Deadline.poll(for: "the callers to rest") {
            try required("a caller", crb_callers_rest(callers)) == 1
        }
    }

    /// A number for each caller, since the beginning.
    private func calls() throws(CheckError) -> [Int] {
        var numbers: [Int] = []
        for index in 0..<UInt32(count) {
            numbers.append(try required("caller \(index + 1)", Int(crb_calls_made(callers, index))))
        }
        return numbers
    }

    private static func sum(_ counts: [Int]) -> Int { counts.reduce(0, +) }

    /// Lets the callers go on undisturbed. What is measured lies between two readings of the clock, however late this
    /// returns.
    private static func pause(_ duration: Duration) {
        usleep(UInt32(duration / .microseconds(1)))
    }
}
