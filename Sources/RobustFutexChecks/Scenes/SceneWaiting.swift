// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

// Calls that have to wait for somebody else, and what has to be possible meanwhile.
extension Scene {
    /// The call that the task has begun is asleep in the kernel, and has not returned.
    func expectWaiting(_ task: PeerTask, _ what: String) throws {
        try Deadline.poll(for: "the call of task \(task.tid) to wait \(what), or to return") {
            task.isIdle || task.isBlocked(inSyscall: crf_nr_cleanup_robust_list)
        }
        guard !task.isIdle else {
            throw CheckError.failed(
                "cleanup_robust_list(2): expected it to wait \(what), observed \(resultName(try task.endOfCall()))"
            )
        }
    }

    /// A signal is handled while the call waits, and the call goes on waiting; `EINTR` does not come out of it.
    ///
    /// The handler is that of ``Peer/countSignal(_:)``, without `SA_RESTART`.
    func expectHandledWhileWaiting(_ signal: Int32, by task: PeerTask, of peer: Peer, _ what: String) throws {
        let before = try peer.countSignal(signal)
        try task.send(signal)
        try expectSoon("the handler of signal \(signal) to run while the call waits \(what)") {
            try peer.countSignal(signal) == before + 1
        }
        try expectWaiting(task, "\(what), after a signal was handled")
    }

    /// The process of a call that waits ends when it is killed.
    func expectKillable(_ peer: Peer, _ what: String) throws {
        try peer.kill()
        try expectSoon("the end of a process \(what)") { peer.process.hasExited }
    }

    /// Waits for something that the kernel has to let happen without delay.
    func expectSoon(_ what: String, _ condition: () throws -> Bool) throws {
        do {
            try Deadline.poll(for: what, within: Self.promptly, until: condition)
        } catch CheckError.timedOut {
            throw CheckError.failed("\(what): expected within \(Self.promptly), not observed")
        }
    }
}
