// SPDX-License-Identifier: MIT

import Foundation

/// One record of Swift Testing's event stream, version 0: what of it the harness reads.
/// Its form is documented in swift-testing, `Documentation/ABI/JSON.md`.
struct StreamRecord: Decodable {
    var kind: String
    var payload: Payload

    struct Payload: Decodable {
        /// `suite` or `function` in a record of kind `test`; the event's kind in one of kind `event`.
        var kind: String
        var id: String?
        var testID: String?
        var displayName: String?
        var messages: [Message]?
        var issue: Issue?
        var comments: [String]?
        var instant: Instant?

        enum CodingKeys: String, CodingKey {
            case kind, id, testID, displayName, messages, issue, instant
            case comments = "_comments"
        }
    }

    struct Instant: Decodable {
        /// Seconds since some point in time.
        var absolute: Double
    }

    struct Message: Decodable {
        var symbol: String
        var text: String
    }

    struct Issue: Decodable {
        var isKnown: Bool
        var sourceLocation: SourceLocation?
    }

    struct SourceLocation: Decodable {
        var fileID: String
        var line: Int
    }
}

/// Cuts a stream of bytes into lines.
struct LineSplitter {
    private var rest: [UInt8] = []

    /// The whole lines in what has come so far, without their ends.
    mutating func append(_ bytes: [UInt8]) -> [[UInt8]] {
        rest += bytes
        guard let last = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = rest[..<last].split(separator: UInt8(ascii: "\n")).map(Array.init)
        rest.removeFirst(last + 1)
        return lines
    }
}
