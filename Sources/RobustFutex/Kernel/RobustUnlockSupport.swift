// SPDX-License-Identifier: MIT

import CRobustFutex
import SystemPackage

/// Support of this kernel's futex(2) for `FUTEX_ROBUST_UNLOCK` (Linux 7.2), which releases the word and
/// clears `list_op_pending` itself, so that a contended unlock has no race window.
public enum RobustUnlockSupport: Sendable, Equatable {
    case supported
    /// Kernels before 7.2 take the bit for part of the operation's number, and say `ENOSYS`.
    case absent(Errno)
    /// The call succeeded and did not do what Documentation/locking/robust-futex-ABI.rst says.
    case misbehaves(String)

    /// Asks the kernel, on memory of its own; nobody waits there.
    public static func ofThisKernel() throws(Errno) -> RobustUnlockSupport {
        let page = try MemoryMapping(anonymous: .private, length: 4096)
        let word = page.cell(at: 0)
        let pending = UnsafeMutablePointer<UInt>(bitPattern: page.address + 64)!
        word.store(FutexWord(owner: Int32(crf_gettid()), hasWaiters: true))
        crf_store_pointer(pending, page.address + 32)

        let operation = FUTEX_WAKE | Int32(CRF_FUTEX_ROBUST_UNLOCK)
        let result = crf_futex(word.pointer, operation, 1, nil, pending, 0)
        guard result >= 0 else { return .absent(Errno(rawValue: CInt(-result))) }
        guard word.load() == .unlocked, crf_load_pointer(pending) == 0 else {
            return .misbehaves(
                "word \(word.load()), pending pointer 0x\(String(crf_load_pointer(pending), radix: 16))")
        }
        return .supported
    }
}
