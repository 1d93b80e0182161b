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
