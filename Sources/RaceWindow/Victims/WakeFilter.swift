// SPDX-License-Identifier: MIT

import CRaceWindow
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// The seccomp filter that reports each wake on a lock, as libseccomp makes it.
struct WakeFilter {
    /// Whole instructions (`struct sock_filter`).
    let bytes: [UInt8]

    /// - Parameter address: of the lock, in the unlocker's address space, a multiple of `alignment`, which is a
    ///   power of two not smaller than the lock.
    /// - Throws: ``CannotRun`` on a kernel without user notifications.
    init(lockAt address: UInt64, alignment: UInt64) throws {
        guard crw_seccomp_support() == 0 else {
            throw CannotRun(
                "seccomp(2) offers no user notification on this kernel (Linux 5.0, SECCOMP_FILTER)")
        }
        let file = try MemoryFile(name: "seccomp-filter", length: 0)
        _ = try required("the seccomp filter", crw_wake_filter(file.descriptor.rawValue, address, alignment))
        // BPF_MAXINSNS of <linux/bpf_common.h> times eight bytes: there are no longer ones.
        let descriptor = file.descriptor
        bytes = try [UInt8](unsafeUninitializedCapacity: 4096 * 8) { buffer, count in
            count = try descriptor.read(
                fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}
