// SPDX-License-Identifier: MIT

import CRobustListPreload

typealias Mutex = UnsafeMutablePointer<pthread_mutex_t>

/// `pthread_mutex_destroy(3)`: ends pending operations of all processes on a robust mutex before the C library hands
/// its memory back.
///
/// Flags 0: glibc marks every robust mutex as process-shared, so that nobody can know that it is not.
@_cdecl("pthread_mutex_destroy")
public func mutexDestroy(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) -> Int32 {
    if rlp_is_robust(mutex) {
        cleanUpRobustLists(UInt(bitPattern: mutex), MemoryLayout<pthread_mutex_t>.size, 0)
    }
    typealias Function = @convention(c) (Mutex) -> Int32
    return unsafeBitCast(rlp_next(RLP_DESTROY), to: Function.self)(mutex)
}
