// SPDX-License-Identifier: MIT

/// The growth of a cost as a line: `intercept + slope * x`, by least squares of the relative distances.
///
/// Relative, because the points lie orders of magnitude apart: with absolute distances only the most expensive point
/// would count, and the line would miss the cheap ones, which are the usual ones.
public struct FittedLine: Codable, Equatable, Sendable {
    public var series: String
    /// The unit that is counted on the axis, in the singular.
    public var unit: String
    public var intercept: Double
    /// Cost of each further unit.
    public var slope: Double
    /// The same between the two neighbouring points where it is greatest.
    public var steepest: Double
    /// The largest distance of a point from the line, relative to the point's cost.
    public var largestResidual: Double
    public var points: [Point]

    public struct Point: Codable, Equatable, Sendable {
        public var x: Double
        public var cost: Double

        public init(x: Double, cost: Double) {
            self.x = x
            self.cost = cost
        }
    }

    /// nil for fewer than three points, through which a line says nothing; when all have the same x; or when one
    /// costs nothing, to which no distance is relative.
    public init?(series: String, unit: String, points: [Point]) {
        guard points.count >= 3, points.allSatisfy({ $0.cost > 0 }) else { return nil }
        let points = points.sorted { $0.x < $1.x }
        // Weighted with 1 / cost^2.
        var sums = (weight: 0.0, x: 0.0, cost: 0.0)
        for point in points {
            let weight = 1 / (point.cost * point.cost)
            sums = (sums.weight + weight, sums.x + weight * point.x, sums.cost + weight * point.cost)
        }
        let mean = (x: sums.x / sums.weight, cost: sums.cost / sums.weight)
        var products = (xx: 0.0, xCost: 0.0)
        for point in points {
            let weight = 1 / (point.cost * point.cost)
            let distance = point.x - mean.x
            products.xx += weight * distance * distance
            products.xCost += weight * distance * (point.cost - mean.cost)
        }
        guard products.xx > 0 else { return nil }
        let slope = products.xCost / products.xx
        let intercept = mean.cost - slope * mean.x

        self.series = series
        self.unit = unit
        self.slope = slope
        self.intercept = intercept
        steepest = zip(points, points.dropFirst()).filter { $0.x < $1.x }
            .map { ($1.cost - $0.cost) / ($1.x - $0.x) }.max()!
        largestResidual = points.map { abs($0.cost - intercept - slope * $0.x) / $0.cost }.max()!
        self.points = points
    }

    /// The lines of all series in which enough was measured, in the order of the series.
    static func all(of measurements: [Measurement]) -> [FittedLine] {
        var order: [String] = []
        var units: [String: String] = [:]
        var points: [String: [Point]] = [:]
        for measurement in measurements {
            guard let point = measurement.point, let cost = measurement.cost else { continue }
            if units.updateValue(point.unit, forKey: point.series) == nil { order.append(point.series) }
            points[point.series, default: []].append(Point(x: point.x, cost: cost.decile))
        }
        return order.compactMap { FittedLine(series: $0, unit: units[$0]!, points: points[$0]!) }
    }
}
