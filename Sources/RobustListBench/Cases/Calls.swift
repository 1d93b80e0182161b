// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import RobustFutex
import TestProcesses

extension BenchCase {
    /// cleanup_robust_list(2) in all sizes.
    static let calls = threads + processes + memory + findings

    private static let threads =
        call("own-threads", per: "thread", at: [1, 16, 128, 1024]) {
            "own process, \(counted($0, "thread"))"
        } job: { setup, count in
            try setup.startThreads(count - 1)
            return try cleanup(setup)
        }
        + call("private-threads", per: "thread", at: [1, 16, 128, 1024]) {
            "FUTEX2_PRIVATE, \(counted($0, "thread"))"
        } job: { setup, count in
            try setup.startThreads(count - 1)
            return try cleanup(setup, flags: .privateOnly)
        }
        + call("sharer-threads", per: "thread", at: [1, 16, 128, 1024]) {
            "one other sharer with \(counted($0, "thread"))"
        } job: { setup, count in
            try setup.startSharers(1, threads: count)
            return try cleanup(setup)
        }
        // The part of a thread's cost that remains when no mapping has to be looked up for it.
        + call("sharer-threads-one-mapping", per: "thread", at: [1, 16, 128, 1024]) {
            "one other sharer with \(counted($0, "thread")), stacks in one mapping"
        } job: { setup, count in
            try setup.startSharers(1, threads: count, oneStackMapping: true)
            return try cleanup(setup)
        }

    private static let processes =
        // Its sharer comes first: so soon after the process itself its address space lies beside that one's, which
        // decides whether they are in each other's way where the call looks for it among thousands.
        call("unrelated", per: "process", at: [0, 1000, 4000]) {
            "one sharer, \(counted($0, "unrelated process"))"
        } job: { setup, count in
            try setup.startSharers(1)
            try setup.startUnrelated(count)
            return try cleanup(setup)
        }
        + call("sharers", per: "process", at: [1, 16, 128, 512]) {
            "\(counted($0, "sharer")) of one thread"
        } job: { setup, count in
            try setup.startSharers(count)
            return try cleanup(setup)
        }

    private static let memory =
        call("mappings", per: "mapping", at: [1, 10, 100, 1000, 10_000, 60_000]) {
            "one sharer with \(counted($0, "mapping")) of the page"
        } job: { setup, count in
            try setup.startSharers(1, mappings: count)
            return try cleanup(setup)
        }
        + call("range", per: "byte", at: [4, 4096, 1 << 20, 1 << 30]) {
            "one sharer, a range of \(counted($0, "byte"))"
        } fileLength: {
            max($0, 4096)
        } job: { setup, length in
            try setup.startSharers(1, length: setup.fileLength)
            return try cleanup(setup, length: length)
        }

    private static let findings = [
        BenchCase("match/own", .call, "a match in a thread of the own process", unless: lacksCall) { setup in
            let tid = try setup.startThreads(1)
            return try match(setup, tid, at: try setup.map())
        },
        BenchCase("match/sharer", .call, "a match in the one other sharer", unless: lacksCall) { setup in
            try setup.startSharers(1)
            return try match(setup, setup.peers[0].pid, at: setup.peers[0].mapping)
        },
        BenchCase(
            "drained", .call, "an exec in flight: waits for it, includes the rest of its cleanup",
            unless: { lacksCall() ?? lacksUserfaultfd() },
            job: { setup in
                var exec: OpaquePointer?
                let file = setup.file.descriptor.rawValue
                try required("a process for exec", crb_make_exec(&exec, file, setup.range()))
                let context = UnsafeMutableRawPointer(exec)
                return Job(crb_drain, on: context, prepare: crb_begin_exec, settle: crb_end_exec)
            }),
    ]

    @Sendable private static func lacksUserfaultfd() -> String? {
        let error = crb_probe_userfaultfd()
        return error == 0 ? nil : "userfaultfd(2) for faults of the kernel's: \(resultName(error))"
    }

    private static func call(
        _ series: String, per unit: String, at points: [Int], title: (Int) -> String,
        fileLength: (Int) -> Int = { _ in 4096 },
        job: @escaping @Sendable (Setup, Int) throws -> Job
    ) -> [BenchCase] {
        self.series(
            series, .call, per: unit, at: points, title: title, unless: lacksCall, fileLength: fileLength,
            job: job)
    }

    private static func cleanup(
        _ setup: Setup, length: Int = 4, flags: CleanupFlags = []
    ) throws -> Job {
        Job(crb_cleanup, on: setup.context(try setup.range(length: length, flags: flags)))
    }

    /// - Parameter word: the futex word's address in the memory of `tid`.
    private static func match(_ setup: Setup, _ tid: Int32, at word: UInt) throws -> Job {
        var match = crb_match()
        match.range = try setup.range()
        try required("the robust list head of \(tid)", crb_aim(&match, tid, word))
        return Job(
            crb_cleanup_match, on: setup.context(match), prepare: crb_set_pending,
            settle: crb_confirm_cleared)
    }
}
