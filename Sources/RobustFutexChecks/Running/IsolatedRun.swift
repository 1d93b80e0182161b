// SPDX-License-Identifier: MIT

import CRobustFutex
import FoundationEssentials
import Glibc
import RobustFutex

/// Runs checks each in a process of its own, so that one which crashes or hangs is reported as that.
///
/// For robust-list-check only, whose process has one thread: the child goes on after fork(2) without exec.
public struct IsolatedRun: Sendable {
    private let limit: Duration

    /// - Parameter limit: for one check; above the sum of what a check waits for itself.
    public init(limit: Duration) {
        self.limit = limit
        PeerRoot.launchByForking()
    }

    /// What came of the check; a check that is not about this kernel is skipped.
    public func outcome(of check: Check) -> Outcome {
        if let reason = check.requirement.reasonToSkip() { return .skipped(reason) }
        return outcome { try check.run() }
    }

    /// A body that leaves no result behind has crashed, however its process ended.
    func outcome(of body: () throws -> Void) -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard crf_socket_pair(&ends) == 0 else { return .broken("no socket pair: \(errno)") }
        defer { close(ends[0]) }
        let parent = getpid()
        let pid = crf_fork()
        guard pid >= 0 else {
            close(ends[1])
            return .broken("fork: errno \(errno)")
        }
        if pid == 0 {
            close(ends[0])
            if crf_die_with_parent(parent) == 0 { Self.report(body, to: ends[1]) }
            _exit(1)
        }
        close(ends[1])
        return judge(pid, result: ends[0])
    }

    private static func report(_ body: () throws -> Void, to socket: Int32) {
        var outcome = Outcome.passed
        do { try body() } catch { outcome = Outcome(error) }
        PeerRoot.shutDown()
        guard let bytes = try? JSONEncoder().encode(outcome) else { return }
        if bytes.withUnsafeBytes({ crf_send(socket, $0.baseAddress, $0.count, nil, 0) }) == 0 { _exit(0) }
    }

    private func judge(_ pid: Int32, result socket: Int32) -> Outcome {
        let deadline = Deadline(after: limit)
        do {
            let child = try ProcessHandle(pid: pid)
            let hasExited = child.waitForExit(until: deadline)
            if !hasExited { try child.killAndWait() }
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            if !hasExited { return .timedOut("the check to end within \(limit)") }
            return Self.received(socket) ?? .broken("crashed: \(Self.words(forEnd: status)), no result")
        } catch {
            return Outcome(error)
        }
    }

    private static func received(_ socket: Int32) -> Outcome? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var descriptors: [Int32] = [-1, -1]
        let count = crf_receive(socket, &bytes, bytes.count, &descriptors, 0)
        guard count > 0 else { return nil }
        return try? JSONDecoder().decode(Outcome.self, from: Data(bytes[..<count]))
    }

    private static func words(forEnd status: Int32) -> String {
        let signal = crf_term_signal(status)
        return signal != 0 ? "signal \(signal)" : "exit status \(crf_exit_status(status))"
    }
}
