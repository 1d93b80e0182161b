// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A part of a text file that a command writes, between two lines of comment.
public struct MarkedText: Sendable {
    private let begin: String
    private static let end = "<!-- end of what it writes -->"

    /// - Parameter command: as in the line before the part.
    public init(writtenBy command: String) {
        begin = "<!-- written by \(command) -->"
    }

    /// Replaces the lines in a file, which is written whole or not at all.
    public func replace(in file: FilePath, by lines: ([Substring]) -> [String]) throws {
        let text = String(decoding: try Files.read(file), as: UTF8.self)
        try Files.write(Data(try replaced(in: text, of: file, by: lines).utf8), to: file)
    }

    /// The text with other lines between the marks.
    ///
    /// - Parameter lines: gets those that are there.
    /// - Throws: when the marks are not there.
    func replaced(
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
