// SPDX-License-Identifier: MIT

import SystemPackage

/// A part of a text file that a command writes, between two lines of comment.
public struct MarkedText {
    private let begin: String
    private static let end = "<!-- end of what it writes -->"

    /// - Parameter command: as in the line before the part.
    public init(writtenBy command: String) {
        begin = "<!-- written by \(command) -->"
    }

    /// The text with other lines between the marks.
    ///
    /// - Parameter lines: gets those that are there.
    /// - Throws: when the marks are not there.
    public func replaced(
        in text: String, of file: FilePath, by lines: ([Substring]) -> [String]
    ) throws -> String {
        guard let start = text.range(of: begin),
            let end = text.range(of: Self.end, range: start.upperBound..<text.endIndex)
        else { throw HarnessError("\(file) has no lines '\(begin)' and '\(Self.end)' for a table") }
        let before = text[start.upperBound..<end.lowerBound].split(separator: "\n")
        return text[..<start.upperBound] + "\n\n" + lines(before).joined(separator: "\n") + "\n\n"
            + text[end.lowerBound...]
    }
}
