// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Results as JUnit XML, the form that CI systems show.
///
/// Written by hand: the few elements need no library, and Foundation's XML is one of its own.
public struct JUnitReport: Equatable, Sendable {
    public struct Case: Equatable, Sendable {
        public enum Result: Equatable, Sendable {
            case passed
            case failed(String)
            /// It left no result.
            case broken(String)
            case skipped(reason: String)
        }

        /// The suite or kernel that it belongs to; shown as a class.
        public var group: String
        public var name: String
        public var seconds: Double?
        public var result: Result

        public init(_ name: String, in group: String, seconds: Double? = nil, _ result: Result) {
            self.name = name
            self.group = group
            self.seconds = seconds
            self.result = result
        }
    }

    public struct Suite: Equatable, Sendable {
        public var name: String
        public var cases: [Case]

        public init(name: String, cases: [Case]) {
            self.name = name
            self.cases = cases
        }
    }

    public var name: String
    public var suites: [Suite]

    public init(name: String, suites: [Suite]) {
        self.name = name
        self.suites = suites
    }

    public var text: String {
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuites name=\(Self.quoted(name)) \(Self.counts(suites.flatMap(\.cases)))>",
        ]
        for suite in suites {
            lines.append("  <testsuite name=\(Self.quoted(suite.name)) \(Self.counts(suite.cases))>")
            lines += suite.cases.map(Self.element)
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    /// Writes the file whole or not at all.
    public func write(to path: FilePath) throws {
        try Files.write(Data(text.utf8), to: path)
    }

    private static func counts(_ cases: [Case]) -> String {
        func count(_ fits: (Case.Result) -> Bool) -> Int { cases.count { fits($0.result) } }
        let failures = count { if case .failed = $0 { true } else { false } }
        let errors = count { if case .broken = $0 { true } else { false } }
        let skipped = count { if case .skipped = $0 { true } else { false } }
        let seconds = cases.compactMap(\.seconds).reduce(0, +)
        return #"tests="\#(cases.count)" failures="\#(failures)" errors="\#(errors)" skipped="\#(skipped)""#
            + #" time="\#(format(seconds))""#
    }

    private static func element(of one: Case) -> String {
        var tag = "    <testcase classname=\(quoted(one.group)) name=\(quoted(one.name))"
        if let seconds = one.seconds { tag += #" time="\#(format(seconds))""# }
        let inner: String
        switch one.result {
        case .passed: return tag + "/>"
        case .skipped(let reason): inner = "<skipped message=\(quoted(reason))/>"
        case .failed(let why): inner = problem("failure", why)
        case .broken(let why): inner = problem("error", why)
        }
        return "\(tag)>\n      \(inner)\n    </testcase>"
    }

    /// The first line is what is shown first.
    private static func problem(_ element: String, _ why: String) -> String {
        let first = why.prefix { !$0.isNewline }
        return "<\(element) message=\(quoted(String(first)))>\(escaped(why))</\(element)>"
    }

    private static func format(_ seconds: Double) -> String { String(format: "%.3f", seconds) }

    private static func quoted(_ text: String) -> String {
        // A reader turns what lies between two words of an attribute into a space, unless it is escaped.
        let value = escaped(text).replacing("\"", with: "&quot;").replacing("\n", with: "&#10;")
            .replacing("\t", with: "&#9;")
        return "\"\(value)\""
    }

    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\r": result.append(contentsOf: "&#13;".unicodeScalars)
            case "\t", "\n": result.append(scalar)
            // XML 1.0 cannot say these, not even escaped.
            case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
