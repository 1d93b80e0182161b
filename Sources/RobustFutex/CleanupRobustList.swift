// SPDX-License-Identifier: MIT

import CRobustFutex
import SystemPackage

/// Flags of ``cleanupRobustList(address:length:flags:)``.
public struct CleanupFlags: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// `FUTEX2_PRIVATE`: only threads that share the caller's address space, matched by virtual address.
    /// For memory that is about to be unmapped here, while other processes go on using it.
    public static let privateOnly = CleanupFlags(rawValue: UInt32(FUTEX_PRIVATE_FLAG))
}

/// The number under which this library calls cleanup_robust_list(2).
public var cleanupRobustListNumber: Int { crf_nr_cleanup_robust_list }

/// Clears the pending operation of every thread that has one on a futex word in the range, and waits
/// for exits that had already fetched one.
///
/// To be called before the range is reused, freed or unmapped, when no lock in it is used any more. On return
/// the kernel will neither write to the range nor wake on it on behalf of a lock that lived there. Any
/// thread may call it, several at once too; calling it again changes nothing.
///
/// The call is never repeated here: the kernel restarts it after a signal handler, so that `EINTR` does not
/// come out of it; were it to come, it is thrown like any other error rather than hidden.
///
/// - Parameters:
///   - address: start of the range. A number, since the range may be one that no pointer can name.
///   - length: in bytes; 0 names nothing and succeeds.
/// - Throws: `EINVAL`: unknown flag, or the range wraps around the end of the address space.
///   `ENOMEM`: a hole in the range, found before anything is changed; or the kernel is out of memory.
///   `EACCES`: a shared mapping of a file that was opened for reading only.
///   `ENOSYS`: a kernel without it, or a seccomp filter; see ``SyscallDetection`` to tell them apart.
public func cleanupRobustList(
    address: UInt, length: Int, flags: CleanupFlags = []
) throws(Errno) {
    _ = try valueOrErrno(crf_cleanup_robust_list(address, length, flags.rawValue))
}

/// The same for one futex word: what `pthread_mutex_destroy(3)` of a robust mutex would call.
public func cleanupRobustList(_ cell: FutexCell, flags: CleanupFlags = []) throws(Errno) {
    try cleanupRobustList(address: cell.address, length: MemoryLayout<UInt32>.size, flags: flags)
}
