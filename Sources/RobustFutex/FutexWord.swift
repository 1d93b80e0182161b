// SPDX-License-Identifier: MIT

import CRobustFutex

/// The value of a robust futex word: who owns the lock, whether somebody waits, whether the owner died.
///
/// Bits as in `<linux/futex.h>` and Documentation/locking/robust-futex-ABI.rst of the kernel.
public struct FutexWord: RawRepresentable, Equatable, Hashable, Sendable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The word of a lock that `owner` (a thread id, as gettid(2) gives it) holds.
    public init(owner: Int32, hasWaiters: Bool = false) {
        rawValue = UInt32(bitPattern: owner) & Self.tidMask
        self.hasWaiters = hasWaiters
    }

    /// A lock that nobody holds.
    public static let unlocked = FutexWord(rawValue: 0)

    /// The word that exit cleanup writes over one that carries the dying thread's ID, when nobody waits:
    /// `FUTEX_OWNER_DIED`, with the owner cleared (`handle_futex_death()` in kernel/futex/core.c).
    public static let ownerDied = FutexWord(rawValue: ownerDiedBit)

    /// `FUTEX_TID_MASK`
    public static let tidMask = UInt32(FUTEX_TID_MASK)
    static let waitersBit = UInt32(FUTEX_WAITERS)
    static let ownerDiedBit = UInt32(FUTEX_OWNER_DIED)

    /// Thread id of the owner; 0 when there is none.
    public var owner: Int32 {
        Int32(rawValue & Self.tidMask)
    }

    /// `FUTEX_WAITERS`: unlock has to enter the kernel and wake one.
    public var hasWaiters: Bool {
        get { rawValue & Self.waitersBit != 0 }
        set { set(Self.waitersBit, newValue) }
    }

    /// `FUTEX_OWNER_DIED`: the kernel found the word owned by a thread that exited.
    public var isOwnerDead: Bool {
        get { rawValue & Self.ownerDiedBit != 0 }
        set { set(Self.ownerDiedBit, newValue) }
    }

    private mutating func set(_ bit: UInt32, _ value: Bool) {
        rawValue = value ? rawValue | bit : rawValue & ~bit
    }
}

extension FutexWord: CustomStringConvertible {
    /// The value in hexadecimal and in words, for messages.
    public var description: String {
        var parts = [owner == 0 ? "no owner" : "owner \(owner)"]
        if hasWaiters { parts.append("FUTEX_WAITERS") }
        if isOwnerDead { parts.append("FUTEX_OWNER_DIED") }
        return "0x" + String(rawValue, radix: 16) + " (" + parts.joined(separator: ", ") + ")"
    }
}
