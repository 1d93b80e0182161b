// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex

/// A process by its descriptor (pidfd_open(2)): signals cannot go astray, and its end can be waited for.
package final class ProcessHandle {
    package let pid: Int32
    private let descriptor: Int32

    package init(pid: Int32) throws(CheckError) {
        self.pid = pid
        descriptor = Int32(try required("pidfd of \(pid)", crf_pidfd_open(pid)))
    }

    /// Tells whether every thread has left the process; robust lists have been processed by then.
    package var hasExited: Bool { waitReadable(milliseconds: 0) }

    package func send(_ signal: Int32) throws(CheckError) {
        _ = try required("signal \(signal) to \(pid)", crf_pidfd_send_signal(descriptor, signal))
    }

    /// Kills the process and waits until it is gone. No error when it is already.
    package func killAndWait() throws(CheckError) {
        // The signal fails when the process is gone, and then there is nothing to wait for.
        _ = crf_pidfd_send_signal(descriptor, SIGKILL)
        try waitForExit()
    }

    func waitForExit() throws(CheckError) {
        guard waitForExit(until: Deadline()) else {
            throw .timedOut("the end of process \(pid)")
        }
    }

    /// Waits, and tells whether the process ended in time.
    package func waitForExit(until deadline: Deadline) -> Bool {
        waitReadable(milliseconds: Int32(deadline.milliseconds()))
    }

    private func waitReadable(milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, milliseconds) == 1
    }

    deinit {
        close(descriptor)
    }
}
