// SPDX-License-Identifier: MIT

/// The size of a terminal's window, in characters.
public struct TerminalWindow: Equatable, Sendable {
    public var columns: UInt16
    public var rows: UInt16

    public init(columns: UInt16, rows: UInt16) {
        self.columns = columns
        self.rows = rows
    }

    /// As in `80x24`.
    public var text: String { "\(columns)x\(rows)" }

    public init?(_ text: String) {
        let parts = text.split(separator: "x")
        guard parts.count == 2, let columns = UInt16(parts[0]), let rows = UInt16(parts[1]) else {
            return nil
        }
        self.init(columns: columns, rows: rows)
    }
}

/// Messages of the host to init while a command with a terminal runs.
public enum TerminalEvent: Equatable, Sendable {
    /// Bytes that the user's terminal sent.
    case keys([UInt8])
    case window(TerminalWindow)

    public var message: Message {
        switch self {
        case .keys(let bytes): Message("keys", [.init("bytes", Self.hexadecimal(bytes))])
        case .window(let window): Message("window", [.init("size", window.text)])
        }
    }

    /// nil for another message.
    public init?(_ message: Message) {
        switch message.verb {
        case "keys":
            guard let bytes = message["bytes"].flatMap(Self.bytes) else { return nil }
            self = .keys(bytes)
        case "window":
            guard let window = message["size"].flatMap({ TerminalWindow($0) }) else { return nil }
            self = .window(window)
        default: return nil
        }
    }

    /// A message holds text, which bytes from a terminal need not be.
    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16)
            else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
