// SPDX-License-Identifier: MIT

import CRaceWindow
import CRobustFutex
import Glibc
import TestProcesses

/// Stops at entry to and exit from each futex(2) on the lock (`PTRACE_SYSCALL`).
///
/// The exit from `FUTEX_UNLOCK_PI` is the one place where a contended priority-inheritance unlock is in its
/// window for as long as one likes: the kernel has released the word, the C library has not yet gone on.
final class SyscallStopHold: UnlockHold {
    private let tracee: Tracee
    private var lock: UInt64 = 0
    private var inside: String?

    init(_ unlocker: Victim) {
        tracee = Tracee(victim: unlocker)
    }

    func begin(unlocking lock: UInt64) throws -> StopPlace? {
        self.lock = lock
        try tracee.stopBeforeUnlock(of: lock)
        return try advance()
    }

    func advance() throws -> StopPlace? {
        while true {
            let status = try tracee.goOn("running to a system call", crw_to_syscall)
            guard crw_is_syscall_stop(status) else {
                throw CheckError.broken("\(tracee.victim.name) stopped outside of system calls")
            }
            var call = crw_syscall()
            _ = try required(
                "system call of \(tracee.victim.name)", crw_get_syscall(tracee.victim.pid, &call))
            if let name = inside, !call.entry {
                inside = nil
                return .systemCall("\(name) exit")
            }
            // The reading of the order, on its way back into the victim.
            guard call.entry else { continue }
            if let operation = FutexCall(call, on: lock, bytes: tracee.victim.greeting.lockBytes) {
                inside = operation.name
                return .systemCall("\(operation.name) entry")
            }
            guard !FutexCall.isRead(call) else { continue }
            return nil
        }
    }

    func letGo() throws { try tracee.letGo() }
}

/// A futex(2) that concerns a lock.
private struct FutexCall {
    let name: String

    init?(_ call: crw_syscall, on lock: UInt64, bytes: Int) {
        // arch/x86/entry/syscalls: futex, and for 32 bits also futex_time64.
        let numbers: [UInt64] = call.is_32bit ? [240, 422] : [202]
        guard numbers.contains(call.number), call.arguments.0 >= lock,
            call.arguments.0 < lock + UInt64(bytes)
        else { return nil }
        name = Self.name(UInt32(truncatingIfNeeded: call.arguments.1))
    }

    /// The victim's own read(2) of its order, which is carried out before the unlock.
    static func isRead(_ call: crw_syscall) -> Bool {
        call.number == (call.is_32bit ? 3 : 0)
    }

    private static func name(_ operation: UInt32) -> String {
        let commands = [UInt32(FUTEX_WAKE): "FUTEX_WAKE", UInt32(FUTEX_UNLOCK_PI): "FUTEX_UNLOCK_PI"]
        let robustUnlock: UInt32 = 512
        let command = commands[operation & 0x7f] ?? "operation \(operation & 0x7f)"
        return "futex(\(command)\(operation & robustUnlock != 0 ? " | FUTEX_ROBUST_UNLOCK" : ""))"
    }
}
