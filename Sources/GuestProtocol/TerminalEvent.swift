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

    /// A message holds text, which bytes from a terminal need not be.
    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
