// SPDX-License-Identifier: MIT

import CRobustFutex
import CRobustListPreload

/// Ends the pending operations of this process's threads in memory that is about to leave its address space. Other
/// processes go on using what they share, hence `FUTEX2_PRIVATE`.
private func cleanUp(_ start: UInt, _ length: Int) {
    guard length > 0, rlp_cleans_unmapped() else { return }
    _ = crf_cleanup_robust_list(start, length, UInt32(FUTEX_PRIVATE_FLAG))
}

@_cdecl("munmap")
public func unmap(_ start: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
    cleanUp(UInt(bitPattern: start), length)
    typealias Function = @convention(c) (UnsafeMutableRawPointer?, Int) -> Int32
    return unsafeBitCast(rlp_next(RLP_MUNMAP), to: Function.self)(start, length)
}

/// What a new mapping with `MAP_FIXED` covers leaves the address space.
@_cdecl("mmap")
public func map(
    _ start: UnsafeMutableRawPointer?, _ length: Int, _ protection: Int32, _ flags: Int32,
    _ descriptor: Int32, _ offset: Int
) -> UnsafeMutableRawPointer? {
    // MAP_FIXED_NOREPLACE covers nothing, and has the bit of MAP_FIXED only on kernels that do not know it.
    if flags & MAP_FIXED != 0 { cleanUp(UInt(bitPattern: start), length) }
    typealias Function =
        @convention(c) (UnsafeMutableRawPointer?, Int, Int32, Int32, Int32, Int) ->
        UnsafeMutableRawPointer?
    return unsafeBitCast(rlp_next(RLP_MMAP), to: Function.self)(
        start, length, protection, flags, descriptor, offset)
}

/// The same function under the name that programs with `_FILE_OFFSET_BITS=64` call.
@_cdecl("mmap64")
public func map64(
    _ start: UnsafeMutableRawPointer?, _ length: Int, _ protection: Int32, _ flags: Int32,
    _ descriptor: Int32, _ offset: Int
) -> UnsafeMutableRawPointer? {
    map(start, length, protection, flags, descriptor, offset)
}

/// Only what surely leaves its place is cleaned up: the end of a mapping that shrinks, and what `MREMAP_FIXED` covers
/// and moves. A mapping that may move, or grow where it is, can hold locks in use.
@_cdecl("mremap")
public func remap(
    _ start: UnsafeMutableRawPointer?, _ length: Int, _ newLength: Int, _ flags: Int32,
    _ target: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    if newLength < length {
        cleanUp(UInt(bitPattern: start) &+ UInt(bitPattern: newLength), length - newLength)
    }
    if flags & MREMAP_FIXED != 0 {
        cleanUp(UInt(bitPattern: start), length)
        cleanUp(UInt(bitPattern: target), newLength)
    }
    typealias Function =
        @convention(c) (
            UnsafeMutableRawPointer?, Int, Int, Int32, UnsafeMutableRawPointer?
        ) -> UnsafeMutableRawPointer?
    return unsafeBitCast(rlp_next(RLP_MREMAP), to: Function.self)(start, length, newLength, flags, target)
}

/// shmdt(2) does not say how long the segment is; the list of mappings does.
@_cdecl("shmdt")
public func detach(_ start: UnsafeRawPointer?) -> Int32 {
    if rlp_cleans_unmapped() {
        let error = rlp_errno()
        cleanUp(UInt(bitPattern: start), MappedFile.length(at: UInt(bitPattern: start)))
        rlp_set_errno(error)
    }
    typealias Function = @convention(c) (UnsafeRawPointer?) -> Int32
    return unsafeBitCast(rlp_next(RLP_SHMDT), to: Function.self)(start)
}
