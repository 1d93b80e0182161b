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
    /// For memory that is about to be unmapped here, while other processes go on using it. No mapping is looked
    /// at: the range may have holes, as munmap(2) accepts them, and need not be writable.
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
/// Nobody owns the number yet, and some kernels have set_robust_list2(2) under it: that one refuses what it is
/// given here, and changes nothing. Success where the number is any other call cannot be told from success of
/// this one, nor can a seccomp filter that ends the caller be survived: ask ``SyscallDetection`` first.
///
/// - Parameters:
///   - address: start of the range. A number, since the range may be one that no pointer can name.
///   - length: in bytes. 0 names nothing: it succeeds without a system call. The range may end exactly at the top
///     of the address space.
/// - Throws: `EINVAL`: unknown flag, or the range goes beyond the top of the address space.
///   `ENOMEM`: a hole in the range, found before anything is changed (not with ``CleanupFlags/privateOnly``); or
///   the kernel is out of memory.
///   `EACCES`: a shared mapping that the caller may not write (not with ``CleanupFlags/privateOnly``).
///   `ENOSYS`: a kernel without it, one that has something else under the number (which gave a result above 0),
///   a machine on which it cannot work, or a seccomp filter that imitates these.
///   `EPERM`: a seccomp filter, as containers have them. A filter may as well give any other error, 0, in which
///   case nothing has been done, or end the caller by SIGSYS; see ``SyscallDetection/isFiltered``.
public func cleanupRobustList(
    address: UInt, length: Int, flags: CleanupFlags = []
) throws(Errno) {
    guard length != 0 else { return }
    try enterCleanupRobustList(address: address, length: length, flags: flags)
}

/// The same for one futex word: what `pthread_mutex_destroy(3)` of a robust mutex would call.
public func cleanupRobustList(_ cell: FutexCell, flags: CleanupFlags = []) throws(Errno) {
    try cleanupRobustList(address: cell.address, length: MemoryLayout<UInt32>.size, flags: flags)
}

/// The system call as it is, of any length: what checks are about.
package func enterCleanupRobustList(
    address: UInt, length: Int, flags: CleanupFlags
) throws(Errno) {
    let result = try valueOrErrno(crf_cleanup_robust_list(address, length, flags.rawValue))
    // It never gives a count: this is another call's descriptor, limit or index.
    guard result == 0 else { throw .noFunction }
}
