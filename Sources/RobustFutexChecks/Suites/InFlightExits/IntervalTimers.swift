// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Callers with an interval timer. A call that began anew for every signal would never end; one that did not look at
// signals while it visits many threads for many parts of its range would keep handlers waiting.
extension Check {
    static let intervalTimers: [Check] = [
        Check(
            "endsUnderIntervalTimerAndRunsItsHandler", .inFlightExits, needs: [.severalMappings],
            claim:
                "under a 10 ms timer a call on 60,000 mappings with 500 threads ends, and keeps no handler waiting for 5 s"
        ) { scene in
            // Shared and private pages in turn: none can be looked at together with the next one.
            let parts = 60_000
            let file = try scene.file()
            let caller = try scene.peer()
            let threads = try (0..<500).map { _ in try caller.startTask() }
            let base = try caller.map(anonymous: .private, length: parts * pageSize)
            try caller.map(file, length: pageSize, times: parts / 2, at: base, stride: 2 * pageSize)
            let words = [0, parts / 2, parts - 1].map { base + UInt($0 * pageSize + wordOffset) }
            for (thread, word) in zip(threads.dropFirst(), words) { try thread.enterWindow(at: word) }
            let calling = threads[0]
            let counts = try caller.beginTicks(of: calling, every: .milliseconds(10))
            calling.beginCleanup(address: base, length: parts * pageSize)
            let began = ContinuousClock.now
            try expectTicks(of: caller, at: counts, untilEndOf: calling)
            let whole = began.duration(to: .now)
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2)")
            let ticks = try caller.ticks(at: counts)
            let longest = Duration.nanoseconds(Int64(ticks.longest_ns))
            scene.note(
                "\(parts) mappings, \(threads.count) threads: the call took \(whole.milliseconds) ms; longest time"
                    + " between two runs of the handler of a 10 ms timer: \(longest.milliseconds) ms")
            for (index, thread) in threads.dropFirst().prefix(words.count).enumerated() {
                try scene.expectCleared(thread, "thread \(index + 1) of \(words.count) in the window")
            }
            guard ticks.count > 0 else { throw CheckError.broken("the timer never expired") }
        }
    ]

    /// Looks on until the task has ended its call; fails as soon as the handler has not run for five seconds.
    private static func expectTicks(of peer: Peer, at counts: UInt, untilEndOf task: PeerTask) throws {
        let patience = Duration.seconds(5) * Deadline.slowness
        var seen = try peer.ticks(at: counts).count
        var last = Deadline(after: patience)
        try Deadline.poll(
            for: "the end of the call of task \(task.tid)", within: .seconds(60) * Deadline.slowness
        ) {
            if task.isIdle { return true }
            let now = try peer.ticks(at: counts).count
            if now != seen { (seen, last) = (now, Deadline(after: patience)) }
            guard !last.hasPassed else {
                throw CheckError.failed(
                    "the handler of a 10 ms timer: expected within \(patience), observed none during a call")
            }
            return false
        }
    }
}

extension Duration {
    /// Whole milliseconds, for messages.
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
