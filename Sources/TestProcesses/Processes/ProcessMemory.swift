// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage

/// The memory of another process, read by proc_pid_mem(5), for as long as anybody uses its address space.
///
/// Unlike process_vm_readv(2) this leaves the pages as they are: that one pins them, which copies a page that fork(2) has
/// shared (gup_must_unshare() in mm/internal.h).
package final class ProcessMemory {
    private let file: FileDescriptor
    private let pid: Int32

    /// - Parameter pid: a process that has not exited. A program that it executes later is not seen.
    package init(of pid: Int32) throws {
        self.pid = pid
        file = try FileDescriptor.open(FilePath("/proc/\(pid)/mem"), .readOnly, options: [.closeOnExec])
    }

    deinit { try? file.close() }

    package func load<Value: BitwiseCopyable>(_: Value.Type, at address: UInt) throws -> Value {
        try load(Value.self, count: 1, at: address)[0]
    }

    /// So many values, one behind the other.
    package func load<Value: BitwiseCopyable>(
        _: Value.Type, count: Int, at address: UInt
    ) throws -> [Value] {
        try [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            let length = count * MemoryLayout<Value>.stride
            let read = try file.read(
                fromAbsoluteOffset: Int64(bitPattern: UInt64(address)),
                into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<length]))
            guard read == length else {
                throw CheckError.broken(
                    "\(read) bytes of \(length) at 0x\(String(address, radix: 16)) of process \(pid)")
            }
            initialized = count
        }
    }
}
