// SPDX-License-Identifier: MIT

/// A message on the control port: a verb and named fields, a name as often as needed and in order.
///
/// On the wire: a netstring that holds one netstring with the verb and one `name=value` for
/// each field.
public struct Message: Equatable, Sendable {
    public var verb: String
    public var fields: [Field]

    public struct Field: Equatable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(_ verb: String, _ fields: [Field] = []) {
        self.verb = verb
        self.fields = fields
    }

    /// The values of all fields called `name`, in order.
    public subscript(all name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// The value of the first field called `name`.
    public subscript(name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// The message as it goes over the port.
    public var encoded: [UInt8] {
        var payload: [UInt8] = []
        Netstring.append(Array(verb.utf8), to: &payload)
        for field in fields {
            Netstring.append(Array("\(field.name)=\(field.value)".utf8), to: &payload)
        }
        var bytes: [UInt8] = []
        Netstring.append(payload, to: &bytes)
        return bytes
    }

    /// Takes the first whole message off the front of `bytes`; nil when more bytes are needed.
    public static func take(from bytes: inout [UInt8]) throws(ProtocolError) -> Message? {
        guard var payload = try Netstring.take(from: &bytes) else { return nil }
        guard let verb = try Netstring.take(from: &payload) else { throw .framing }
        var message = Message(String(decoding: verb, as: UTF8.self))
        while !payload.isEmpty {
            guard let item = try Netstring.take(from: &payload) else { throw .framing }
            let text = String(decoding: item, as: UTF8.self)
            guard let equals = text.firstIndex(of: "=") else { throw .message(text) }
            message.fields.append(
                Field(String(text[..<equals]), String(text[text.index(after: equals)...])))
        }
        return message
    }
}
