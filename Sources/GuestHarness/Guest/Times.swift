// SPDX-License-Identifier: MIT

import Synchronization

/// When the guest came up, and how it calls itself. Safe to use from any thread.
final class Times: Sendable {
    private let start = ContinuousClock.now
    private let ready = Mutex<(ContinuousClock.Instant, String)?>(nil)

    func markReady(_ release: String) {
        ready.withLock { $0 = (.now, release) }
    }

    /// The release, seconds until the guest was up, and seconds since.
    var result: (String?, Double?, Double?) {
        guard let (instant, release) = ready.withLock({ $0 }) else { return (nil, nil, nil) }
        return (release, (instant - start) / .seconds(1), (ContinuousClock.now - instant) / .seconds(1))
    }
}
