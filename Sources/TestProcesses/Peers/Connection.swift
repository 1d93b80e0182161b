// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// The runner's end of the socket to a peer process: one request, one reply.
final class Connection {
    private let socket: Int32
    private let name: String

    /// Takes over the descriptor. `name` is what messages call the other side.
    init(socket: Int32, name: String) {
        self.socket = socket
        self.name = name
    }

    /// A pair whose ends are both closed on exec.
    static func pair() throws(CheckError) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        _ = try required("socket pair", ctp_socket_pair(&ends))
        return (ends[0], ends[1])
    }

    /// Asks, and waits for the answer.
    ///
    /// - Returns: what the kernel returned to the peer: a value, or -errno.
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
        withUnsafeMutableBytes(of: &request.arguments) { bytes in
            for (index, argument) in arguments.enumerated() {
                bytes.storeBytes(of: argument, toByteOffset: index * 8, as: UInt64.self)
            }
        }
        _ = try required(
            "\(name) cannot be asked",
            ctp_send(
                socket, &request, MemoryLayout.size(ofValue: request), descriptors, Int32(descriptors.count)))

        var reply = ctp_reply()
        var unexpected = [Int32](repeating: -1, count: Int(CTP_MESSAGE_DESCRIPTORS))
        let limit = Deadline().milliseconds()
        let size = MemoryLayout.size(ofValue: reply)
        let count = ctp_receive(socket, &reply, size, &unexpected, Int32(limit))
        switch count {
        case size: return Int(reply.value)
        case 0: return nil
        case -Int(ETIMEDOUT): throw .timedOut("the reply of \(name)")
        default: throw .broken("\(name): \(resultName(count))")
        }
    }

    deinit {
        close(socket)
    }
}
