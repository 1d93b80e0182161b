// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import FoundationEssentials
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
            if ctp_die_with_parent(parent) == 0, send(body(), to: far) { _exit(0) }
            _exit(1)
        }
        close(far)
        return try result(of: pid, what, limit, over: near)
    }

    private static func send(_ value: some Encodable, to socket: Int32) -> Bool {
        guard let bytes = try? JSONEncoder().encode(value) else { return false }
        return bytes.withUnsafeBytes { ctp_send(socket, $0.baseAddress, $0.count, nil, 0) } == 0
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
        guard let value: Value = received(socket) else {
            throw .broken("crashed: \(words(forEnd: status)), no result")
        }
        return value
    }

    private static func received<Value: Decodable>(_ socket: Int32) -> Value? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var descriptors = [Int32](repeating: -1, count: Int(CTP_MESSAGE_DESCRIPTORS))
        let count = ctp_receive(socket, &bytes, bytes.count, &descriptors, 0)
        guard count > 0 else { return nil }
        return try? JSONDecoder().decode(Value.self, from: Data(bytes[..<count]))
    }

    private static func words(forEnd status: Int32) -> String {
        let signal = crf_term_signal(status)
        return signal != 0 ? "signal \(signal)" : "exit status \(crf_exit_status(status))"
    }
}
