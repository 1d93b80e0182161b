// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import RobustFutex

extension BenchCase {
    /// cleanup_robust_list(2) in all sizes.
    static let calls = threads + processes + memory + findings

    private static let threads =
        call("own-threads", per: "thread", at: [1, 16, 128, 1024]) {
            "own process, \(counted($0, "thread"))"
        } job: { stage, count in
            try stage.startThreads(count - 1)
            return try cleanup(stage)
        }
        + call("private-threads", per: "thread", at: [1, 16, 128, 1024]) {
            "FUTEX2_PRIVATE, \(counted($0, "thread"))"
        } job: { stage, count in
            try stage.startThreads(count - 1)
            return try cleanup(stage, flags: .privateOnly)
        }
        + call("sharer-threads", per: "thread", at: [1, 16, 128, 1024]) {
            "one other sharer with \(counted($0, "thread"))"
        } job: { stage, count in
            try stage.startSharers(1, threads: count)
            return try cleanup(stage)
        }
        // What is left of a thread's cost when no mapping has to be looked up for it.
        + call("sharer-threads-one-mapping", per: "thread", at: [1, 16, 128, 1024]) {
            "one other sharer with \(counted($0, "thread")), stacks in one mapping"
        } job: { stage, count in
            try stage.startSharers(1, threads: count, oneStackMapping: true)
            return try cleanup(stage)
        }

    private static let processes =
        // Its sharer comes first: so soon after the process itself its address space lies beside that one's, which
        // decides whether they are in each other's way where the call looks for it among thousands.
        call("unrelated", per: "process", at: [0, 1000, 4000]) {
            "one sharer, \(counted($0, "unrelated process"))"
        } job: { stage, count in
            try stage.startSharers(1)
            try stage.startUnrelated(count)
            return try cleanup(stage)
        }
        + call("sharers", per: "process", at: [1, 16, 128, 512]) {
            "\(counted($0, "sharer")) of one thread"
        } job: { stage, count in
            try stage.startSharers(count)
            return try cleanup(stage)
        }

    private static let memory =
        call("mappings", per: "mapping", at: [1, 10, 100, 1000, 10_000, 60_000]) {
            "one sharer with \(counted($0, "mapping")) of the page"
        } job: { stage, count in
            try stage.startSharers(1, mappings: count)
            return try cleanup(stage)
        }
        + call("range", per: "byte", at: [4, 4096, 1 << 20, 1 << 30]) {
            "one sharer, a range of \(counted($0, "byte"))"
        } fileLength: {
            max($0, 4096)
        } job: { stage, length in
            try stage.startSharers(1, length: stage.fileLength)
            return try cleanup(stage, length: length)
        }

    private static let findings = [
        BenchCase("match/own", .call, "a match in a thread of the own process", unless: lacksCall) { stage in
            let tid = try stage.startThreads(1)
            return try match(stage, tid, at: try stage.map())
        },
        BenchCase("match/sharer", .call, "a match in the one other sharer", unless: lacksCall) { stage in
            try stage.startSharers(1)
            return try match(stage, stage.peers[0].pid, at: stage.peers[0].mapping)
        },
        BenchCase(
            "drained", .call, "an exec in flight: waits for it, includes the rest of its cleanup",
            unless: { lacksCall() ?? lacksUserfaultfd() },
            job: { stage in
                var exec: OpaquePointer?
                let file = stage.file.descriptor.rawValue
                try need("a process for exec", crb_make_exec(&exec, file, stage.range()))
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
        job: @escaping @Sendable (Stage, Int) throws -> Job
    ) -> [BenchCase] {
        self.series(
            series, .call, per: unit, at: points, title: title, unless: lacksCall, fileLength: fileLength,
            job: job)
    }

    private static func cleanup(
        _ stage: Stage, length: Int = 4, flags: CleanupFlags = []
    ) throws -> Job {
        Job(crb_cleanup, on: stage.context(try stage.range(length: length, flags: flags)))
    }

    /// - Parameter word: the futex word's address in the memory of `tid`.
    private static func match(_ stage: Stage, _ tid: Int32, at word: UInt) throws -> Job {
        var match = crb_match()
        match.range = try stage.range()
        try need("the robust list head of \(tid)", crb_aim(&match, tid, word))
        return Job(
            crb_cleanup_match, on: stage.context(match), prepare: crb_set_pending,
            settle: crb_confirm_cleared)
    }
}
