// SPDX-License-Identifier: MIT

/// How a cost grows: `intercept + slope * x`, by least squares.
public struct FittedLine: Codable, Equatable, Sendable {
    public var series: String
    /// What is counted on the axis, in the singular.
    public var unit: String
    public var intercept: Double
    /// Cost of each further unit.
    public var slope: Double
    /// The largest distance of a point from the line, relative to the point's cost.
    public var largestResidual: Double
    /// Share of the variance that the line explains, from 0 to 1.
    public var determination: Double
    public var points: [Point]

    public struct Point: Codable, Equatable, Sendable {
        public var x: Double
        public var cost: Double

        public init(x: Double, cost: Double) {
            self.x = x
            self.cost = cost
        }
    }

    /// nil for fewer than three points, through which a line says nothing, or when all have the same x.
    public init?(series: String, unit: String, points: [Point]) {
        guard points.count >= 3 else { return nil }
        let count = Double(points.count)
        let meanX = points.reduce(0) { $0 + $1.x } / count
        let meanCost = points.reduce(0) { $0 + $1.cost } / count
        let varianceX = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        guard varianceX > 0 else { return nil }
        let slope = points.reduce(0) { $0 + ($1.x - meanX) * ($1.cost - meanCost) } / varianceX
        let intercept = meanCost - slope * meanX
        let residuals = points.map { $0.cost - (intercept + slope * $0.x) }
        let unexplained = residuals.reduce(0) { $0 + $1 * $1 }
        let variance = points.reduce(0) { $0 + ($1.cost - meanCost) * ($1.cost - meanCost) }

        self.series = series
        self.unit = unit
        self.intercept = intercept
        self.slope = slope
        largestResidual = zip(residuals, points).map { $1.cost > 0 ? abs($0) / $1.cost : 0 }.max()!
        determination = variance > 0 ? 1 - unexplained / variance : 1
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
            points[point.series, default: []].append(Point(x: point.x, cost: cost.minimum))
        }
        return order.compactMap { FittedLine(series: $0, unit: units[$0]!, points: points[$0]!) }
    }
}
