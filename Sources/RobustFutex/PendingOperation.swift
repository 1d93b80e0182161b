// SPDX-License-Identifier: MIT

import CRobustFutex

/// A set `list_op_pending`: the lock entry of an operation that a thread has begun and not finished.
///
/// Encoded as the kernel reads it in `fetch_robust_entry()` (kernel/futex/core.c): bit 0 says that the
/// lock is a PI futex, the rest is the lock entry's address.
public struct PendingOperation: Equatable, Hashable, Sendable {
    /// Address of the lock entry; its bit 0 is always clear.
    public let lockEntry: UInt
    public let isPI: Bool

    /// - Parameter lockEntry: its bit 0 is dropped: the encoding has no room for it.
    public init(lockEntry: UInt, isPI: Bool = false) {
        self.lockEntry = lockEntry & ~Self.modifierMask
        self.isPI = isPI
    }

    /// The operation on the lock whose futex word is at `futexWord`: lock entry = futex word - futex offset.
    public init(futexWord: UInt, futexOffset: Int, isPI: Bool = false) {
        self.init(lockEntry: futexWord &- UInt(bitPattern: futexOffset), isPI: isPI)
    }

    /// Reads the pointer's bits; nil for NULL, which is no operation.
    ///
    /// A PI bit alone is no operation either: exit tests the pointer without its modifier bits.
    public init?(rawValue: UInt) {
        guard rawValue & ~Self.modifierMask != 0 else { return nil }
        self.init(lockEntry: rawValue, isPI: rawValue & Self.modifierMask != 0)
    }

    /// The value of `list_op_pending`.
    public var rawValue: UInt {
        lockEntry | (isPI ? Self.modifierMask : 0)
    }

    /// The futex word that exit cleanup would look at, in a 64-bit task.
    public func futexWord(futexOffset: Int) -> UInt {
        lockEntry &+ UInt(bitPattern: futexOffset)
    }

    /// The same in a 32-bit task, where the sum wraps at 4 GiB (`futex_uaddr()` in kernel/futex/core.c).
    public func compatFutexWord(futexOffset: Int32) -> UInt32 {
        UInt32(truncatingIfNeeded: lockEntry) &+ UInt32(bitPattern: futexOffset)
    }

    private static let modifierMask = UInt(CRF_ROBUST_MOD_PI)
}

extension PendingOperation: CustomStringConvertible {
    public var description: String {
        "lock entry 0x" + String(lockEntry, radix: 16) + (isPI ? " (PI)" : "")
    }
}
