// SPDX-License-Identifier: MIT

/// Many samples of one cost, in the report's unit, with the clock's overhead subtracted.
public struct Summary: Codable, Equatable, Sendable {
    public var samples: Int
    public var minimum: Double
    /// The measure: a tenth of the samples cost no more. Interrupts and whatever else comes between can only add to a
    /// cost; but what comes once in a thousand times, as when a wake-up finds the scheduler in a rare state, does not
    /// come again in the next boot.
    public var decile: Double
    /// The median; its distance from the decile tells how quiet the machine was.
    public var median: Double
    public var maximum: Double
    /// (median - decile) / decile; 0 when the decile is 0.
    public var spread: Double
    /// True when further samples had stopped changing the decile, see ``Steadiness``.
    public var isStable: Bool

    /// - Parameter samples: at least one.
    public init(_ samples: [Double], isStable: Bool) {
        precondition(!samples.isEmpty, "nothing to summarise")
        let sorted = samples.sorted()
        self.samples = sorted.count
        minimum = sorted[0]
        decile = Self.decile(sorted: sorted)
        median = Self.median(sorted: sorted)
        maximum = sorted[sorted.count - 1]
        spread = decile > 0 ? (median - decile) / decile : 0
        self.isStable = isStable
    }

    static func decile(sorted: [Double]) -> Double { sorted[sorted.count / 10] }

    private static func median(sorted: [Double]) -> Double {
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// Tells when further samples no longer change what is reported.
///
/// Stable: two batches in a row had the same decile as the one before, within the tolerance.
public struct Steadiness: Sendable {
    /// Relative.
    private let tolerance: Double
    private var last: Double?
    private var confirmations = 0

    public init(tolerance: Double) {
        self.tolerance = tolerance
    }

    public private(set) var isReached = false

    /// - Parameter batch: the next samples, at least one.
    public mutating func add(_ batch: [Double]) {
        precondition(!batch.isEmpty, "an empty batch confirms nothing")
        let decile = Summary.decile(sorted: batch.sorted())
        let confirms = last.map { abs(decile - $0) <= tolerance * $0 } ?? false
        confirmations = confirms ? confirmations + 1 : 0
        last = decile
        isReached = confirmations >= 2
    }
}
