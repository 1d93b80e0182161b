// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex

/// The runner's end of a socket to a process that does as it is told: a structure of C goes each way. Closed at the end
/// of the value's life.
package struct MessageSocket: ~Copyable {
    package let descriptor: Int32

    /// Takes over the descriptor.
    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// A pair whose ends are both closed on exec.
    package static func pair() throws(CheckError) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        _ = try required("socket pair", ctp_socket_pair(&ends))
        return (ends[0], ends[1])
    }

    /// Stores arguments in an array of C, which Swift has as a tuple; those that are not given stay as they are.
    package static func store(_ arguments: [UInt64], in array: inout some BitwiseCopyable) {
        withUnsafeMutableBytes(of: &array) { bytes in
            for (index, argument) in arguments.enumerated() {
                bytes.storeBytes(of: argument, toByteOffset: index * 8, as: UInt64.self)
            }
        }
    }

    /// - Returns: 0 or -errno.
    package func send(_ message: some BitwiseCopyable, descriptors: [Int32] = []) -> Int {
        withUnsafeBytes(of: message) {
            ctp_send(descriptor, $0.baseAddress, $0.count, descriptors, Int32(descriptors.count))
        }
    }

    /// Waits for a message, no longer than ``Deadline/standard``.
    ///
    /// - Returns: its length in bytes, 0 when the other side is gone, or -errno; and a descriptor that came with it, or -1.
    package func receive(_ message: inout some BitwiseCopyable) -> (count: Int, descriptor: Int32) {
        var descriptors = [Int32](repeating: -1, count: Int(CTP_MESSAGE_DESCRIPTORS))
        let limit = Int32(Deadline().milliseconds())
        let count = withUnsafeMutableBytes(of: &message) {
            ctp_receive(descriptor, $0.baseAddress, $0.count, &descriptors, limit)
        }
        return (count, descriptors[0])
    }

    /// Waits for a whole message; false when the other side is gone.
    ///
    /// - Parameters:
    ///   - name: the other side's name in messages.
    ///   - what: the event that is waited for.
    package func receive(
        _ message: inout some BitwiseCopyable, from name: String, _ what: @autoclosure () -> String
    ) throws(CheckError) -> Bool {
        let size = MemoryLayout.size(ofValue: message)
        switch receive(&message).count {
        case size: return true
        case 0: return false
        case -Int(ETIMEDOUT): throw .timedOut(what())
        case let count: throw .broken("\(name): \(resultName(count))")
        }
    }

    deinit {
        close(descriptor)
    }
}
