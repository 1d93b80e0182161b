// SPDX-License-Identifier: MIT

/// Text that is HTML (or SVG) already.
///
/// Written as a string literal; what is interpolated into it is escaped, unless it is HTML itself: a
/// program's output or a file's name cannot become markup by being forgotten.
public struct HTML: Equatable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    public private(set) var source: String

    public var description: String { source }

    public init(stringLiteral value: String) {
        source = value
    }

    public init(stringInterpolation: StringInterpolation) {
        source = stringInterpolation.source
    }

    /// Text as it shall be read; safe in elements and in quoted attributes.
    public init(text: String) {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        source = escaped
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        public init(literalCapacity: Int, interpolationCount: Int) {
            source.reserveCapacity(literalCapacity)
        }

        public mutating func appendLiteral(_ literal: String) {
            source += literal
        }

        public mutating func appendInterpolation(_ text: some StringProtocol) {
            source += HTML(text: String(text)).source
        }

        public mutating func appendInterpolation(_ number: Int) {
            source += String(number)
        }

        public mutating func appendInterpolation(_ html: HTML) {
            source += html.source
        }
    }

    /// Appends a part and ends the line.
    mutating func append(_ part: HTML) {
        source += part.source + "\n"
    }

    public static func + (left: HTML, right: HTML) -> HTML {
        var sum = left
        sum.source += right.source
        return sum
    }
}

extension Sequence<HTML> {
    /// The parts, a line each.
    func joined() -> HTML {
        var whole: HTML = ""
        for part in self { whole.append(part) }
        return whole
    }
}
