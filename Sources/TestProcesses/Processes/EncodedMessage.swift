// SPDX-License-Identifier: MIT

import CTestProcesses
import FoundationEssentials

/// A value that goes over a socket of ``MessageSocket/pair()`` as one message, between processes of the same program.
package enum EncodedMessage {
    /// No value is longer.
    private static let limit = 1 << 16

    /// - Returns: false when the other side is gone, or the value is too long.
    package static func send(_ value: some Encodable, to socket: Int32) -> Bool {
        guard let bytes = try? JSONEncoder().encode(value), bytes.count <= limit else { return false }
        return bytes.withUnsafeBytes { ctp_send(socket, $0.baseAddress, $0.count, nil, 0) } == 0
    }

    /// - Parameter milliseconds: to wait at most; -1 waits without a limit.
    /// - Returns: nil when the other side is gone, or nothing came.
    package static func receive<Value: Decodable>(
        _: Value.Type = Value.self, from socket: Int32, milliseconds: Int32 = 0
    ) -> Value? {
        var bytes = [UInt8](repeating: 0, count: limit)
        var descriptors = [Int32](repeating: -1, count: Int(CTP_MESSAGE_DESCRIPTORS))
        let count = ctp_receive(socket, &bytes, bytes.count, &descriptors, milliseconds)
        guard count > 0 else { return nil }
        return try? JSONDecoder().decode(Value.self, from: Data(bytes[..<count]))
    }
}
