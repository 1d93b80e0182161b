// SPDX-License-Identifier: MIT

import Foundation

/// The findings of gcov(1) about one source file, as `gcov --json-format` prints it.
struct GcovReport: Equatable {
    struct Line: Equatable {
        /// The number of times that it was executed.
        var count: Int
        /// The number of times that each branch of it was taken, in the compiler's order.
        var branches: [Int]
    }

    /// The lines with code, by their numbers from 1.
    private(set) var lines: [Int: Line] = [:]

    private struct Output: Decodable {
        struct File: Decodable {
            var file: String
            var lines: [Line]
        }

        struct Line: Decodable {
            var number: Int
            var count: Int
            var branches: [Branch]?

            enum CodingKeys: String, CodingKey {
                case number = "line_number"
                case count, branches
            }
        }

        struct Branch: Decodable {
            var count: Int
        }

        var files: [File]
    }

    /// - Parameters:
    ///   - json: a line for each data file.
    ///   - file: the end of the path of the source file.
    init(_ json: Data, of file: String) throws {
        do {
            let output = try JSONDecoder().decode(Output.self, from: json)
            for source in output.files where source.file.hasSuffix(file) {
                for line in source.lines { add(line) }
            }
        } catch let error as DecodingError {
            throw HarnessError("gcov printed what cannot be read: \(error)")
        }
        guard !lines.isEmpty else { throw HarnessError("gcov found no code of \(file)") }
    }

    /// A line of an inlined function comes once for each copy: it was executed when one of them was.
    private mutating func add(_ line: Output.Line) {
        let new = Line(
            count: line.count, branches: (line.branches ?? []).map(\.count))
        lines[line.number] = lines[line.number].map { Self.merged($0, new) } ?? new
    }

    /// Adds what another kernel executed of the same file. Lines that one of them does not have count as they do in
    /// the other.
    mutating func merge(_ other: GcovReport) {
        lines.merge(other.lines, uniquingKeysWith: Self.merged)
    }

    private static func merged(_ one: Line, _ other: Line) -> Line {
        var line = one
        line.count += other.count
        if one.branches.count == other.branches.count {
            line.branches = zip(one.branches, other.branches).map(+)
        } else {
            // Compiled differently: what is left to be taken is told by the better one.
            let untaken = { (branches: [Int]) in branches.count { $0 == 0 } }
            line.branches =
                untaken(one.branches) <= untaken(other.branches) ? one.branches : other.branches
        }
        return line
    }
}
