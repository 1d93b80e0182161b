// SPDX-License-Identifier: MIT

import Synchronization

/// Notes of the tasks of a run for its outcome: when the guest came up, how it calls itself, and
/// what was wrong with QEMU. Safe to use from any thread.
final class RunNotes: Sendable {
    private let start = ContinuousClock.now
    private let qemuFailure = Mutex<String?>(nil)
    private let ready = Mutex<(ContinuousClock.Instant, String)?>(nil)

    func markReady(_ release: String) {
        ready.withLock { $0 = (.now, release) }
    }

    func markFailure(_ text: String) {
        qemuFailure.withLock { $0 = text }
    }

    var failure: String? { qemuFailure.withLock(\.self) }

    /// The release, seconds until the guest was up, and seconds since.
    var result: (String?, Double?, Double?) {
        guard let (instant, release) = ready.withLock({ $0 }) else { return (nil, nil, nil) }
        return (release, (instant - start) / .seconds(1), (ContinuousClock.now - instant) / .seconds(1))
    }
}
