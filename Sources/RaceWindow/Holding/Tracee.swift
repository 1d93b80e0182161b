// SPDX-License-Identifier: MIT

import CRaceVictim
import CRaceWindow
import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// The main thread of a victim, under ptrace(2).
///
/// Seized rather than attached to: it can then be stopped where it waits for an order, with no signal that
/// would be part of what is observed. The kernel kills it when this process ends.
struct Tracee {
    let victim: Victim

    /// Stops the victim where it waits, and gives it the order to unlock, which it has not read yet.
    func stopBeforeUnlock(of lock: UInt64) throws {
        let result = crw_seize(victim.pid)
        guard result == 0 else { throw CannotRun(Self.refusal(Errno(rawValue: CInt(-result)))) }
        _ = try required("stopping \(victim.name)", crw_interrupt(victim.pid))
        let status = try victim.waitForChange("\(victim.name) to stop")
        guard crw_is_event_stop(status) else { throw unexpected(status) }
        try victim.orders.send(CRV_UNLOCK, [lock])
    }

    /// Lets the tracee go on by `resume`, to a stop.
    func goOn(_ what: String, _ resume: (Int32, Int32) -> Int) throws -> Int32 {
        _ = try required("\(what) of \(victim.name)", resume(victim.pid, 0))
        let status = try victim.waitForChange("\(victim.name) to stop after \(what)")
        guard crw_is_stopped(status), crw_stop_signal(status) == SIGTRAP else { throw unexpected(status) }
        return status
    }

    func registers() throws -> crw_registers {
        var registers = crw_registers()
        _ = try required("registers of \(victim.name)", crw_get_registers(victim.pid, &registers))
        return registers
    }

    func letGo() throws {
        _ = try required("letting \(victim.name) go", crw_resume(victim.pid, 0))
    }

    private func unexpected(_ status: Int32) -> CheckError {
        let what =
            crw_is_stopped(status)
            ? "stopped by signal \(crw_stop_signal(status))"
            : crf_term_signal(status) != 0
                ? "ended by signal \(crf_term_signal(status))" : "exited with \(crf_exit_status(status))"
        return .broken("\(victim.name) was \(what) in the middle of its unlock")
    }

    private static func refusal(_ errno: Errno) -> String {
        let yama = (try? readText("/proc/sys/kernel/yama/ptrace_scope"))?.split(separator: "\n").first ?? "0"
        return "ptrace(2) is not permitted (\(errno.name)): "
            + (yama > "1"
                ? "kernel.yama.ptrace_scope is \(yama)"
                : "by a container's seccomp filter or a security module")
    }
}
