// SPDX-License-Identifier: MIT

import CRaceVictim
import RobustFutex
import TestProcesses

/// A lock as the kernel would look at it if the thread that holds it exited now: nothing is assumed of the
/// C library's layout, all is found from the registered robust list head.
struct LockView {
    /// Address of the futex word in the unlocker's address space.
    let word: UInt64
    private let head: UInt64
    private let futexOffset: Int64
    private let unlocker: Victim

    /// The lock's state at one moment.
    struct State: Equatable {
        var word: FutexWord
        /// The word no longer names the unlocker as its owner.
        var released: Bool
        /// `list_op_pending` points to the word.
        var pending: Bool

        var inWindow: Bool { released && pending }
    }

    /// - Parameter unlocker: its main thread holds the lock, and no other.
    init(lockHeldBy unlocker: Victim) throws {
        let answer = try unlocker.orders.order(CRV_HEAD)
        _ = try required("get_robust_list(2) of \(unlocker.name)", Int(answer.value))
        head = answer.values.0
        self.unlocker = unlocker
        let width = unlocker.greeting.pointerBits / 8
        let first = try unlocker.loadPointer(head)
        let offset = try unlocker.loadPointer(head + UInt64(width))
        futexOffset = width == 4 ? Int64(Int32(truncatingIfNeeded: offset)) : Int64(bitPattern: offset)
        word = Self.futexWord(of: first, futexOffset, width)
        let value = FutexWord(rawValue: try unlocker.load32(word))
        guard value.owner == unlocker.pid else {
            throw CheckError.broken(
                "\(unlocker.name) holds a lock, and its first lock entry's word is \(value): not a lock that the"
                    + " kernel would find")
        }
    }

    func state() throws -> State {
        let width = unlocker.greeting.pointerBits / 8
        let value = FutexWord(rawValue: try unlocker.load32(word))
        let pending = try unlocker.loadPointer(head + UInt64(2 * width))
        return State(
            word: value, released: value.owner != unlocker.pid,
            pending: pending != 0 && Self.futexWord(of: pending, futexOffset, width) == word)
    }

    private static func futexWord(of entry: UInt64, _ offset: Int64, _ width: Int) -> UInt64 {
        let operation = PendingOperation(rawValue: UInt(entry)) ?? PendingOperation(lockEntry: 0)
        return width == 4
            ? UInt64(operation.compatFutexWord(futexOffset: Int32(truncatingIfNeeded: offset)))
            : UInt64(operation.futexWord(futexOffset: Int(offset)))
    }
}
