// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc

/// Holds a task in a ptrace(2) stop until the end of the value's life. To be used by one thread.
package struct Tracer: ~Copyable {
    private let tid: Int32

    /// The task has stopped on return.
    package init(stopping task: PeerTask) throws {
        tid = task.tid
        _ = try required("PTRACE_SEIZE of \(tid)", Self.ptrace(crf_ptrace_seize, tid))
        _ = try required("PTRACE_INTERRUPT of \(tid)", Self.ptrace(crf_ptrace_interrupt, tid))
        try Deadline.poll(for: "task \(tid) to stop for its tracer") {
            ProcessState.letter(of: task.tid, in: task.processID) == "t"
        }
    }

    private static func ptrace(_ request: UInt32, _ tid: Int32) -> Int {
        crf_syscall6(crf_nr_ptrace, UInt(request), UInt(tid), 0, 0, 0, 0)
    }

    deinit {
        // A tracee that was killed meanwhile is a zombie of its tracer, too, until it is waited for.
        var status: Int32 = 0
        waitpid(tid, &status, __WALL | WNOHANG)
        _ = Self.ptrace(crf_ptrace_detach, tid)
        waitpid(tid, &status, __WALL | WNOHANG)
    }
}
