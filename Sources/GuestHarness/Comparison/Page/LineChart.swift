// SPDX-License-Identifier: MIT

import Foundation

/// Measured points with the line fitted through them, as SVG. Drawn for the width of a phone, so that its
/// text can be read there; a wide page puts several beside each other.
struct LineChart {
    struct Series {
        var name: String
        /// One of `a`, `b`, `c`, `d`: the page's colours.
        var style: String
        var points: [(x: Double, y: Double)]
        var line: (intercept: Double, slope: Double)
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var series: [Series]

    private static let width = 340
    private static let height = 230
    /// Of the drawing area: room for the labels of the axes.
    private static let left = 52
    private static let right = 318
    private static let top = 26
    private static let bottom = 190

    var svg: HTML {
        let xs = series.flatMap { $0.points.map(\.x) }
        let ys = series.flatMap { $0.points.map(\.y) }
        guard let xMaximum = xs.max(), let yMaximum = ys.max(), xMaximum > 0, yMaximum > 0 else { return "" }
        let xTicks = Self.ticks(to: xMaximum)
        let yTicks = Self.ticks(to: yMaximum)
        func x(_ value: Double) -> Int { Self.place(value, of: xTicks.last!, Self.left, Self.right) }
        func y(_ value: Double) -> Int { Self.place(value, of: yTicks.last!, Self.bottom, Self.top) }

        var drawing: HTML = """
            <svg viewBox="0 0 \(Self.width) \(Self.height)" width="\(Self.width)" height="\(Self.height)" \
            role="img" aria-label="\(description)">
            """
        drawing.append("")
        drawing.append("<text x=\"4\" y=\"14\" class=\"faint\">\(yTitle)</text>")
        for tick in yTicks {
            drawing.append(
                "<line class=\"axis\" x1=\"\(Self.left)\" y1=\"\(y(tick))\" x2=\"\(Self.right)\" y2=\"\(y(tick))\"/>"
            )
            drawing.append(
                "<text x=\"\(Self.left - 6)\" y=\"\(y(tick) + 4)\" text-anchor=\"end\">\(Self.label(tick))</text>"
            )
        }
        for tick in xTicks {
            drawing.append(
                "<text x=\"\(x(tick))\" y=\"\(Self.bottom + 16)\" text-anchor=\"middle\">\(Self.label(tick))</text>"
            )
        }
        drawing.append(
            "<text x=\"\(Self.right)\" y=\"\(Self.bottom + 34)\" text-anchor=\"end\" class=\"faint\">\(xTitle)</text>"
        )
        for one in series {
            // Below zero, where a line may begin, there is no axis.
            let start = one.line.slope > 0 ? max(0, -one.line.intercept / one.line.slope) : 0
            let ends = [start, xMaximum].map {
                "\(x($0)),\(y(min(yTicks.last!, max(0, one.line.intercept + one.line.slope * $0))))"
            }
            drawing.append(
                "<polyline class=\"series-\(one.style)\" points=\"\(ends.joined(separator: " "))\"/>")
            for point in one.points {
                drawing.append(
                    "<circle class=\"series-\(one.style)\" cx=\"\(x(point.x))\" cy=\"\(y(point.y))\" r=\"3\"/>"
                )
            }
        }
        drawing.append("</svg>")
        return drawing
    }

    private var description: String {
        "\(title): " + series.map { "\($0.name), \($0.points.count) points" }.joined(separator: "; ")
    }

    private static func place(_ value: Double, of maximum: Double, _ from: Int, _ to: Int) -> Int {
        from + Int((Double(to - from) * value / maximum).rounded())
    }

    /// From 0 in steps of 1, 2 or 5 times a power of ten, three to six of them, the last not below `maximum`.
    static func ticks(to maximum: Double) -> [Double] {
        let power = pow(10, floor(log10(maximum)))
        let step = [0.1, 0.2, 0.5, 1, 2].map { $0 * power }.first { maximum / $0 <= 5 } ?? power
        return (0...Int((maximum / step).rounded(.up))).map { Double($0) * step }
    }

    /// `60k`, `2.5M`: as short as the axis needs.
    static func label(_ value: Double) -> String {
        let (scaled, unit) =
            value >= 1e6 ? (value / 1e6, "M") : value >= 1e4 ? (value / 1e3, "k") : (value, "")
        let text = String(format: "%.2f", scaled)
        return text.replacing(/\.?0+$/, with: "") + unit
    }
}
