// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

@testable import GuestHarness

/// A page of the documentation: its command lines, links and headings.
struct DocumentationPage {
    /// A part of the page, and the line it starts on.
    struct Part {
        var line: Int
        var text: String
    }

    /// Lines of indented code blocks.
    private(set) var commandLines: [Part] = []
    /// Code within sentences and tables.
    private(set) var codeSpans: [Part] = []
    /// Targets of links.
    private(set) var links: [Part] = []
    /// Headings, as links name them.
    private(set) var anchors: Set<String> = []

    /// Fenced blocks hold output and source code, and are left out.
    init(_ text: String) {
        var isFenced = false
        var mayStartBlock = true
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                isFenced.toggle()
                continue
            }
            if isFenced { continue }
            if line.hasPrefix("    "), mayStartBlock {
                commandLines.append(Part(line: number, text: String(line)))
                continue
            }
            mayStartBlock = line.isEmpty
            if line.hasPrefix("#") { anchors.insert(Self.anchor(of: line)) }
            codeSpans += line.matches(of: /`([^`]+)`/).map { Part(line: number, text: String($0.1)) }
            links += line.matches(of: /\]\(([^)\s]+)\)/).map { Part(line: number, text: String($0.1)) }
        }
    }

    /// The name that a web page gives to the heading.
    private static func anchor(of heading: Substring) -> String {
        let title = heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
        return String(
            title.filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }.map { $0 == " " ? "-" : $0 })
    }
}
