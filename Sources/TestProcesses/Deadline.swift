// SPDX-License-Identifier: MIT

import Glibc

/// A point in time after which waiting is given up.
package struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant

    /// By what factor all limits are larger: the environment's ROBUST_LIST_SLOWNESS, a whole number from 1, for
    /// kernels that check every access of memory.
    package static let slowness =
        getenv(variable).flatMap { Int(String(cString: $0)) }.map { max($0, 1) } ?? 1
    private static let variable = "ROBUST_LIST_SLOWNESS"

    /// Long enough for a loaded machine under emulation; a check that passes never waits that long.
    package static let standard = Duration.seconds(20) * slowness

    package init(after duration: Duration = standard) {
        instant = .now + duration
    }

    package var hasPassed: Bool { instant <= .now }

    /// The time left, at most `limit`, rounded up to whole milliseconds.
    package func milliseconds(atMost limit: Int = .max) -> Int {
        let left = ContinuousClock.Instant.now.duration(to: instant)
        guard left > .zero else { return 0 }
        let whole =
            Int(left.components.seconds) * 1000 + Int(left.components.attoseconds / 1_000_000_000_000_000) + 1
        return min(whole, limit)
    }

    /// Looks at a condition that nothing announces, such as a state in /proc, until it holds.
    ///
    /// - Throws: `CheckError.timedOut` with `what`, and what `condition` throws.
    package static func poll(
        for what: @autoclosure () -> String, within limit: Duration = standard,
        until condition: () throws -> Bool
    ) throws {
        let deadline = Deadline(after: limit)
        while try !condition() {
            guard !deadline.hasPassed else { throw CheckError.timedOut(what()) }
            usleep(200)
        }
    }
}
