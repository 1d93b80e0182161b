// SPDX-License-Identifier: MIT

/// Many samples of one cost, in the report's unit, with the clock's overhead subtracted.
public struct Summary: Codable, Equatable, Sendable {
    public var samples: Int
    /// The measure: interrupts and whatever else comes between can only add to it.
    public var minimum: Double
    /// How far it lies above the minimum tells how quiet the machine was.
    public var median: Double
    public var maximum: Double
    /// (median - minimum) / minimum; 0 when the minimum is 0.
    public var spread: Double
    /// Whether further samples had stopped changing it, see ``Steadiness``.
    public var isStable: Bool

    /// - Parameter samples: at least one.
    public init(_ samples: [Double], isStable: Bool) {
        precondition(!samples.isEmpty, "nothing to summarise")
        let sorted = samples.sorted()
        self.samples = sorted.count
        minimum = sorted[0]
        median = Self.median(sorted: sorted)
        maximum = sorted[sorted.count - 1]
        spread = minimum > 0 ? (median - minimum) / minimum : 0
        self.isStable = isStable
    }

    private static func median(sorted: [Double]) -> Double {
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// Tells when further samples no longer change what is reported.
///
/// Stable: the minima of the last two batches both lie within the tolerance of the least sample of all,
/// which neither of them has lowered by more than it. So two batches in a row have confirmed it.
public struct Steadiness: Sendable {
    /// Relative.
    private let tolerance: Double
    private var least = Double.infinity
    private var confirmations = 0

    public init(tolerance: Double) {
        self.tolerance = tolerance
    }

    public private(set) var isReached = false

    /// - Parameter batch: the next samples, at least one.
    public mutating func add(_ batch: [Double]) {
        precondition(!batch.isEmpty, "an empty batch confirms nothing")
        let minimum = batch.min()!
        let confirms = minimum <= least * (1 + tolerance) && minimum >= least * (1 - tolerance)
        confirmations = confirms ? confirmations + 1 : 0
        least = min(least, minimum)
        isReached = confirmations >= 2
    }
}
