// SPDX-License-Identifier: MIT

import CRaceVictim
import CRaceWindow
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// Stops at each `FUTEX_WAKE` of the unlock, by a seccomp user notification: no ptrace(2) is involved, the unlocker
/// simply finds its system call to take long.
final class WakeHold: UnlockHold {
    private let unlocker: Victim
    private let listener: Int32
    private var held: UInt64?

    /// - Parameter unlocker: one that was started with a ``WakeFilter``.
    init(_ unlocker: Victim) throws {
        guard let listener = unlocker.listener else {
            throw CheckError.broken("\(unlocker.name) was started without a seccomp filter")
        }
        self.unlocker = unlocker
        self.listener = listener
    }

    func begin(unlocking lock: UInt64) throws -> StopPlace? {
        try unlocker.orders.send(CRV_UNLOCK, [lock])
        return try advance()
    }

    func advance() throws -> StopPlace? {
        if let held {
            _ = try required(
                "letting the FUTEX_WAKE of \(unlocker.name) happen", crw_let_happen(listener, held))
            self.held = nil
        }
        let deadline = Deadline()
        while true {
            var requests = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0), unlocker.orders.pollRequest,
            ]
            let ready = poll(&requests, 2, Int32(deadline.milliseconds()))
            if ready == 0 { throw CheckError.timedOut("\(unlocker.name) to wake its waiter, or to return") }
            if requests[0].revents & Int16(POLLIN) != 0 { break }
            if requests[1].revents != 0 { return nil }
        }
        var id: UInt64 = 0
        _ = try required(
            "the notification of \(unlocker.name)", crw_receive_notification(listener, &id))
        held = id
        return .systemCall("futex(FUTEX_WAKE) entry")
    }

    /// It runs already.
    func letGo() throws {}
}

/// The seccomp filter that reports each wake on a lock, as libseccomp makes it.
struct WakeFilter {
    /// Whole instructions (`struct sock_filter`).
    let bytes: [UInt8]

    /// - Parameter address: of the lock, in the unlocker's address space, a multiple of `alignment`, which is a
    ///   power of two not smaller than the lock.
    /// - Throws: ``CannotRun`` on a kernel without user notifications.
    init(lockAt address: UInt64, alignment: UInt64) throws {
        guard crw_seccomp_support() == 0 else {
            throw CannotRun(
                "seccomp(2) offers no user notification on this kernel (Linux 5.0, SECCOMP_FILTER)")
        }
        let file = try MemoryFile(name: "seccomp-filter", length: 0)
        _ = try required("the seccomp filter", crw_wake_filter(file.descriptor.rawValue, address, alignment))
        // BPF_MAXINSNS of <linux/bpf_common.h> times eight bytes: there are no longer ones.
        let descriptor = file.descriptor
        bytes = try [UInt8](unsafeUninitializedCapacity: 4096 * 8) { buffer, count in
            count = try descriptor.read(
                fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}
