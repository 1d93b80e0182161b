// SPDX-License-Identifier: MIT

import CRobustListPreload

// Every way in which the C library locks a mutex that may be robust. They only take note that this process does: until
// then no memory that it unmaps can hold one that it has a pending operation on.

@_cdecl("pthread_mutex_lock")
public func mutexLock(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) -> Int32 {
    if rlp_is_robust(mutex) { rlp_note_robust_lock() }
    typealias Function = @convention(c) (Mutex) -> Int32
    return unsafeBitCast(rlp_next(RLP_LOCK), to: Function.self)(mutex)
}

@_cdecl("pthread_mutex_trylock")
public func mutexTrylock(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) -> Int32 {
    if rlp_is_robust(mutex) { rlp_note_robust_lock() }
    typealias Function = @convention(c) (Mutex) -> Int32
    return unsafeBitCast(rlp_next(RLP_TRYLOCK), to: Function.self)(mutex)
}

@_cdecl("pthread_mutex_timedlock")
public func mutexTimedlock(
    _ mutex: UnsafeMutablePointer<pthread_mutex_t>, _ until: UnsafePointer<timespec>
) -> Int32 {
    if rlp_is_robust(mutex) { rlp_note_robust_lock() }
    typealias Function = @convention(c) (Mutex, UnsafePointer<timespec>) -> Int32
    return unsafeBitCast(rlp_next(RLP_TIMEDLOCK), to: Function.self)(mutex, until)
}

@_cdecl("pthread_mutex_clocklock")
public func mutexClocklock(
    _ mutex: UnsafeMutablePointer<pthread_mutex_t>, _ clock: clockid_t, _ until: UnsafePointer<timespec>
) -> Int32 {
    if rlp_is_robust(mutex) { rlp_note_robust_lock() }
    typealias Function = @convention(c) (Mutex, clockid_t, UnsafePointer<timespec>) -> Int32
    return unsafeBitCast(rlp_next(RLP_CLOCKLOCK), to: Function.self)(mutex, clock, until)
}
