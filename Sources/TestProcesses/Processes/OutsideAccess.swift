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
            try read(UnsafeMutableRawBufferPointer(buffer), at: address, of: tid)
            return buffer[0]
        }
    }

    /// So many values, one behind the other.
    package static func load<Value: BitwiseCopyable>(
        _: Value.Type, count: Int, at address: UInt, of tid: Int32
    ) throws -> [Value] {
        try [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
            try read(UnsafeMutableRawBufferPointer(buffer), at: address, of: tid)
            initialized = count
        }
    }

    package static func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt, of tid: Int32) throws
    {
        try withUnsafeBytes(of: value) { try write($0, at: address, of: tid) }
    }

    /// Stores all values, one behind the other.
    package static func store<Value: BitwiseCopyable>(
        all values: [Value], at address: UInt, of tid: Int32
    ) throws {
        try values.withUnsafeBytes { try write($0, at: address, of: tid) }
    }

    private static func read(
        _ bytes: UnsafeMutableRawBufferPointer, at address: UInt, of tid: Int32
    ) throws {
        let count = try required(
            "reading 0x\(String(address, radix: 16)) of task \(tid)",
            crf_read_memory(tid, address, bytes.baseAddress!, bytes.count))
        guard count == bytes.count else { throw CheckError.broken("only \(count) bytes of task \(tid)") }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, at address: UInt, of tid: Int32) throws {
        let count = try required(
            "writing 0x\(String(address, radix: 16)) of task \(tid)",
            crf_write_memory(tid, address, bytes.baseAddress!, bytes.count))
        guard count == bytes.count else { throw CheckError.broken("only \(count) bytes of task \(tid)") }
    }
}
