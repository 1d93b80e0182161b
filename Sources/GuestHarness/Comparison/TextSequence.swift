// SPDX-License-Identifier: MIT

/// Cuts a stream of bytes into JSON texts: RFC 7464, each begins with a record separator.
///
/// A text is complete when the next one begins: one separator more ends the last.
struct TextSequence {
    private static let separator: UInt8 = 0x1e
    private var rest: [UInt8] = []

    /// The texts that are complete by now, cut anywhere before.
    mutating func append(_ bytes: [UInt8]) -> [[UInt8]] {
        rest += bytes
        guard let last = rest.lastIndex(of: Self.separator) else { return [] }
        let texts = rest[..<last].split(separator: Self.separator).map(Array.init)
        rest.removeFirst(last)
        return texts
    }
}
