// SPDX-License-Identifier: MIT

import CRobustFutex
import CRobustListPreload

/// Ends the pending operations of this process's threads in memory that is about to leave its address space. Other
/// processes go on using what they share, hence `FUTEX2_PRIVATE`.
///
/// Makes no call for a range that no unmapping can be of: memory that stays can hold locks in use, whose operations must
/// not be taken for finished ones. The range is rounded up to whole pages, as the kernel does it.
private func cleanUp(_ start: UInt, _ length: UInt) {
    let bytes = wholePages(length)
    guard bytes > 0, start % pageBytes == 0, bytes <= endOfUserSpace,
        start <= endOfUserSpace - bytes, rlp_cleans_unmapped()
    else {
        return
    }
    cleanUpRobustLists(start, Int(bitPattern: bytes), UInt32(FUTEX_PRIVATE_FLAG))
}

private let pageBytes: UInt = 4096
/// The end of user space with four levels of page tables. With five, programs have to ask for more.
private let endOfUserSpace: UInt = 1 << 47

/// 0 for a length that no address space has.
private func wholePages(_ length: UInt) -> UInt { (length &+ (pageBytes - 1)) & ~(pageBytes - 1) }

@_cdecl("munmap")
public func unmap(_ start: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
    cleanUp(UInt(bitPattern: start), UInt(bitPattern: length))
    typealias Function = @convention(c) (UnsafeMutableRawPointer?, Int) -> Int32
    return unsafeBitCast(rlp_next(RLP_MUNMAP), to: Function.self)(start, length)
}

/// A new mapping with `MAP_FIXED` takes what it covers out of the address space. One that shares a file may put the same
/// memory there again, longer perhaps, while threads go on using locks in it: it is left alone.
@_cdecl("mmap")
public func map(
    _ start: UnsafeMutableRawPointer?, _ length: Int, _ protection: Int32, _ flags: Int32,
    _ descriptor: Int32, _ offset: Int
) -> UnsafeMutableRawPointer? {
    // MAP_FIXED_NOREPLACE covers nothing, with or without MAP_FIXED. MAP_SHARED_VALIDATE has the bit of MAP_SHARED.
    if flags & MAP_FIXED != 0, flags & MAP_FIXED_NOREPLACE == 0,
        flags & MAP_SHARED == 0 || flags & MAP_ANONYMOUS != 0
    {
        cleanUp(UInt(bitPattern: start), UInt(bitPattern: length))
    }
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

/// Only what is meant to leave its place is cleaned up: the end of a mapping that shrinks, and what `MREMAP_FIXED` covers
/// and moves. A mapping that may move, or grow where it is, can hold locks in use; so can one of which the kernel will
/// say that it cannot be remapped like this.
private func cleanUpRemapped(from: UInt, _ old: UInt, to: UInt, _ new: UInt, _ flags: Int32) {
    let known = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP
    guard new > 0, from % pageBytes == 0, flags & ~known == 0 else { return }
    // MREMAP_DONTUNMAP is for moving the whole.
    if flags & MREMAP_DONTUNMAP != 0, flags & MREMAP_MAYMOVE == 0 || new != old { return }
    let isFixed = flags & MREMAP_FIXED != 0
    if isFixed {
        let overlaps = to < from &+ old && from < to &+ new
        guard flags & MREMAP_MAYMOVE != 0, !overlaps, to % pageBytes == 0 else { return }
    }
    if new < old { cleanUp(from &+ new, old - new) }
    guard isFixed else { return }
    // MREMAP_DONTUNMAP leaves the old place mapped, and in use if it is shared.
    if flags & MREMAP_DONTUNMAP == 0 { cleanUp(from, min(old, new)) }
    cleanUp(to, new)
}

@_cdecl("mremap")
public func remap(
    _ start: UnsafeMutableRawPointer?, _ length: Int, _ newLength: Int, _ flags: Int32,
    _ target: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    cleanUpRemapped(
        from: UInt(bitPattern: start), wholePages(UInt(bitPattern: length)),
        to: UInt(bitPattern: target), wholePages(UInt(bitPattern: newLength)), flags)
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
        let address = UInt(bitPattern: start)
        cleanUp(address, UInt(bitPattern: MappedFile.segmentLength(at: address)))
    }
    typealias Function = @convention(c) (UnsafeRawPointer?) -> Int32
    return unsafeBitCast(rlp_next(RLP_SHMDT), to: Function.self)(start)
}
