// SPDX-License-Identifier: MIT

/// The framing of the control port: D. J. Bernstein's netstrings, `5:hello,`.
///
/// The guest's init must not carry Foundation (its JSON would make the image several times
/// larger), and a command line may hold any byte but NUL: a length in front needs no escaping.
public enum Netstring {
    /// A peer that announces more than this is broken, not verbose.
    public static let maximumLength = 1 << 20

    /// Appends `payload` to `bytes` as one netstring.
    public static func append(_ payload: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: Array(String(payload.count).utf8))
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: payload)
        bytes.append(UInt8(ascii: ","))
    }

    /// Takes the first whole netstring off the front of `bytes`.
    ///
    /// - Returns: its payload, or nil when more bytes are needed.
    /// - Throws: `ProtocolError.framing` when the bytes can never become a netstring.
    public static func take(from bytes: inout [UInt8]) throws(ProtocolError) -> [UInt8]? {
        var length = 0
        var index = 0
        while index < bytes.count, bytes[index] != UInt8(ascii: ":") {
            let digit = Int(bytes[index]) - Int(UInt8(ascii: "0"))
            guard (0...9).contains(digit) else { throw .framing }
            length = length * 10 + digit
            guard length <= maximumLength else { throw .framing }
            index += 1
        }
        guard index < bytes.count else { return nil }
        guard index > 0 else { throw .framing }
        let start = index + 1
        guard bytes.count > start + length else { return nil }
        guard bytes[start + length] == UInt8(ascii: ",") else { throw .framing }
        let payload = Array(bytes[start..<(start + length)])
        bytes.removeFirst(start + length + 1)
        return payload
    }
}

/// An error in the bytes of the other side.
public enum ProtocolError: Error, Equatable {
    /// Not a netstring.
    case framing
    /// A whole message that is not one of those expected here; its text.
    case message(String)
}
