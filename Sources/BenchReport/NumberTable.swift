// SPDX-License-Identifier: MIT

/// A table of names and numbers, whose columns line up.
enum NumberTable {
    /// - Parameter leftAligned: columns of words; numbers are aligned by their end.
    static func lines(_ heading: [String], _ rows: [[String]], leftAligned: Set<Int>) -> [String] {
        let all = [heading] + rows
        let widths = heading.indices.map { column in all.map { $0[column].count }.max()! }
        return all.map { row in
            let cells = row.indices.map { column -> String in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return leftAligned.contains(column) ? row[column] + padding : padding + row[column]
            }
            return cells.joined(separator: "  ").trimmingTrailingSpaces
        }
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
    }
}

/// A cost, rounded, with its digits in groups of three.
func number(_ value: Double) -> String {
    let digits = String(Int(abs(value).rounded()))
    var grouped = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { grouped += "," }
        grouped.append(digit)
    }
    return value <= -0.5 ? "-" + grouped : grouped
}

/// With one decimal below a thousand, where it may matter.
func decimal(_ value: Double) -> String {
    abs(value) < 1000 ? fixed(value, places: 1) : number(value)
}

func ratio(_ value: Double) -> String {
    value < 100 ? fixed(value, places: 2) : number(value)
}

/// A ratio that is near 1.
func hundredths(_ value: Double) -> String { fixed(value, places: 2) }

func percent(_ value: Double) -> String {
    fixed(value * 100, places: 1) + "%"
}

private func fixed(_ value: Double, places: Int) -> String {
    let scale = (0..<places).reduce(1) { product, _ in product * 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    let zeroes = String(repeating: "0", count: places - fraction.count)
    return (value < 0 && scaled != 0 ? "-" : "") + "\(scaled / scale).\(zeroes)\(fraction)"
}
