// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex

/// The memory of another process, read and written from outside: to the kernel there is no difference to the stores of
/// its own threads.
package enum OutsideAccess {
    /// - Parameter tid: any task of the process that is alive.
    package static func load<Value: BitwiseCopyable>(_: Value.Type, at address: UInt, of tid: Int32) throws
        -> Value
    {
        try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
            let count = try required(
                "reading 0x\(String(address, radix: 16)) of task \(tid)",
                crf_read_memory(tid, address, buffer.baseAddress!, MemoryLayout<Value>.size))
            guard count == MemoryLayout<Value>.size else {
                throw CheckError.broken("only \(count) bytes of task \(tid)")
            }
            return buffer[0]
        }
    }

    package static func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt, of tid: Int32) throws
    {
        var value = value
        let count = try required(
            "writing 0x\(String(address, radix: 16)) of task \(tid)",
            crf_write_memory(tid, address, &value, MemoryLayout<Value>.size))
        guard count == MemoryLayout<Value>.size else {
            throw CheckError.broken("only \(count) bytes of task \(tid)")
        }
    }
}
