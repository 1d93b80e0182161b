// SPDX-License-Identifier: MIT

import BenchReport
import CRobustListBench
import RobustFutex
import TestProcesses

extension BenchCase {
    /// The legacy unlock against the one of Linux 7.2, which pays here, and nowhere else: whoever uses it gives
    /// these instructions at every unlock, as cleanup_robust_list(2) takes its own at every destruction.
    static let unlocks = [
        unlock("unlock-legacy", "legacy sequence, uncontended", crb_unlock_legacy, after: crb_hold),
        unlock(
            "unlock-vdso", "vDSO try_unlock, uncontended", crb_unlock_robust, after: crb_hold,
            unless: lacksRobustUnlock),
        unlock(
            "unlock-legacy-wake", "legacy sequence, FUTEX_WAKE finds nobody", crb_unlock_legacy,
            after: crb_hold_contended),
        unlock(
            "unlock-vdso-wake", "vDSO try_unlock, then FUTEX_ROBUST_UNLOCK finds nobody", crb_unlock_robust,
            after: crb_hold_contended, unless: lacksRobustUnlock),
    ]

    private static func unlock(
        _ name: String, _ title: String, _ operation: @escaping crb_operation,
        after hold: @escaping crb_operation, unless reasonToSkip: @escaping @Sendable () -> String? = { nil }
    ) -> BenchCase {
        BenchCase(name, .unlock, title, unless: reasonToSkip) { setup in
            var lock = crb_lock()
            lock.try_unlock = tryUnlock.map { unsafeBitCast($0, to: crb_try_unlock.self) }
            let context = setup.context(lock)
            let placed = context.assumingMemoryBound(to: crb_lock.self)
            try required("set_robust_list", crb_init_lock(placed))
            return Job(operation, on: context, prepare: hold, settle: crb_confirm_unlocked)
        }
    }

    private static var tryUnlock: UInt? {
        VDSO.ofThisProcess().addresses[VDSO.robustUnlockFunctions[0]]
    }

    @Sendable private static func lacksRobustUnlock() -> String? {
        tryUnlock == nil ? "the vDSO exports no \(VDSO.robustUnlockFunctions[0])" : nil
    }
}
