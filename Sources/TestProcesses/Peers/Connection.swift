// SPDX-License-Identifier: MIT

import CTestProcesses

/// The runner's end of the socket to a peer process: one request, one reply.
final class Connection {
    private let socket: MessageSocket
    private let name: String

    /// Takes over the descriptor. `name` is what messages call the other side.
    init(socket: Int32, name: String) {
        self.socket = MessageSocket(socket)
        self.name = name
    }

    /// Asks, and waits for the answer.
    ///
    /// - Returns: the system call's result in the peer: a value, or -errno.
    func request(
        _ code: ctp_request_code, _ arguments: [UInt64] = [], descriptors: [Int32] = []
    ) throws(CheckError) -> Int {
        guard let value = try requestOrEnd(code, arguments, descriptors: descriptors) else {
            throw .broken("\(name) is gone")
        }
        return value
    }

    /// The same, for requests after which the other side may be gone: nil when it is.
    func requestOrEnd(
        _ code: ctp_request_code, _ arguments: [UInt64] = [], descriptors: [Int32] = []
    ) throws(CheckError) -> Int? {
        var request = ctp_request()
        request.code = code.rawValue
        MessageSocket.store(arguments, in: &request.arguments)
        _ = try required("\(name) cannot be asked", socket.send(request, descriptors: descriptors))

        var reply = ctp_reply()
        guard try socket.receive(&reply, from: name, "the reply of \(name)") else { return nil }
        return Int(reply.value)
    }
}
