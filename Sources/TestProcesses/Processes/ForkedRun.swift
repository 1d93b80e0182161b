// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex

/// Runs a body in a process of its own, so that one which crashes or hangs is reported as that.
///
/// For robust-list-check only, whose process has one thread: the child goes on after fork(2) without exec.
package enum ForkedRun {
    /// The value that the body returned, there.
    ///
    /// - Parameters:
    ///   - limit: after which the process is killed.
    ///   - what: the body, in an error's message.
    /// - Throws: `timedOut`, or `broken` when the process ended without a value.
    package static func value<Value: Codable>(
        of what: String, limit: Duration, _ body: () -> Value
    ) throws(CheckError) -> Value {
        let (near, far) = try MessageSocket.pair()
        defer { close(near) }
        let parent = getpid()
        let pid = ctp_fork()
        guard pid >= 0 else {
            close(far)
            throw .broken("fork: errno \(errno)")
        }
        if pid == 0 {
            close(near)
            if ctp_die_with_parent(parent) == 0, EncodedMessage.send(body(), to: far) { _exit(0) }
            _exit(1)
        }
        close(far)
        return try result(of: pid, what, limit, over: near)
    }

    private static func result<Value: Decodable>(
        of pid: Int32, _ what: String, _ limit: Duration, over socket: Int32
    ) throws(CheckError) -> Value {
        let child = try ProcessHandle(pid: pid)
        let hasExited = child.waitForExit(until: Deadline(after: limit))
        if !hasExited { try child.killAndWait() }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        if !hasExited { throw .timedOut("\(what) to end within \(limit)") }
        guard let value: Value = EncodedMessage.receive(from: socket) else {
            throw .broken("crashed: \(words(forEnd: status)), no result")
        }
        return value
    }

    private static func words(forEnd status: Int32) -> String {
        let signal = crf_term_signal(status)
        return signal != 0 ? "signal \(signal)" : "exit status \(crf_exit_status(status))"
    }
}
