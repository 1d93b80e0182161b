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
    public func replace(in file: FilePath, by lines: [String]) throws {
        let text = String(decoding: try Files.read(file), as: UTF8.self)
        try Files.write(Data(try replaced(in: text, of: file, by: lines).utf8), to: file)
    }

    /// The text with other lines between the marks.
    ///
    /// - Throws: when the marks are not there.
    func replaced(in text: String, of file: FilePath, by lines: [String]) throws -> String {
        let part = try part(of: text, in: file)
        return text[..<part.lowerBound] + "\n\n" + lines.joined(separator: "\n") + "\n\n"
            + text[part.upperBound...]
    }

    /// The lines between the marks.
    ///
    /// - Throws: when the marks are not there.
    func lines(in text: String, of file: FilePath) throws -> [Substring] {
        text[try part(of: text, in: file)].split(separator: "\n")
    }

    private func part(of text: String, in file: FilePath) throws -> Range<String.Index> {
        guard let start = text.range(of: begin),
            let end = text.range(of: Self.end, range: start.upperBound..<text.endIndex)
        else { throw HarnessError("\(file) has no lines '\(begin)' and '\(Self.end)' for a table") }
        return start.upperBound..<end.lowerBound
    }
}
