// SPDX-License-Identifier: MIT

import CRobustFutex
import SystemPackage

/// A futex word in memory, which other threads, other processes and the kernel may write at any time.
///
/// Every access is one sequentially consistent atomic access. The cell does not own the memory: the
/// mapping has to outlive it.
public struct FutexCell {
    let pointer: UnsafeMutablePointer<UInt32>

    /// - Parameter pointer: four bytes, aligned to four, mapped as long as the cell is used.
    public init(_ pointer: UnsafeMutablePointer<UInt32>) {
        self.pointer = pointer
    }

    /// The word's address in this process.
    public var address: UInt { UInt(bitPattern: pointer) }

    public func load() -> FutexWord {
        FutexWord(rawValue: crf_load32(pointer))
    }

    public func store(_ word: FutexWord) {
        crf_store32(pointer, word.rawValue)
    }

    /// Sleeps while the word is `expected`, as `FUTEX_WAIT` on a word that processes may share.
    ///
    /// - Parameter milliseconds: limit; the call never waits longer.
    /// - Throws: `EAGAIN` when the word was something else, `ETIMEDOUT`, `EINTR` after a signal.
    public func wait(while expected: FutexWord, milliseconds: Int) throws(Errno) {
        var limit = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        _ = try valueOrErrno(crf_futex(pointer, FUTEX_WAIT, expected.rawValue, &limit, nil, 0))
    }

    /// Wakes up to `count` waiters, in whatever process; returns how many there were.
    @discardableResult
    public func wake(_ count: UInt32 = 1) throws(Errno) -> Int {
        try valueOrErrno(crf_futex(pointer, FUTEX_WAKE, count, nil, nil, 0))
    }
}
