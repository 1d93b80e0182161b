// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import SystemPackage

/// Pages mapped into this process; unmapped at the end of the value's life.
public struct MemoryMapping: ~Copyable {
    public let address: UInt
    /// In bytes, as asked for; the kernel maps whole pages.
    public let length: Int

    /// Protection, which mmap(2) calls `prot`.
    public struct Protection: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let read = Protection(rawValue: PROT_READ)
        public static let write = Protection(rawValue: PROT_WRITE)
    }

    /// The choice whether stores reach the backing store.
    public enum Sharing: Sendable {
        case shared
        case `private`

        package var flag: Int32 { self == .shared ? MAP_SHARED : MAP_PRIVATE }
    }

    /// Maps `length` bytes of `file` from `offset`, a multiple of the page size.
    ///
    /// - Throws: the error of mmap(2): `EACCES` for a shared writable mapping of a read-only descriptor.
    public init(
        of file: borrowing MemoryFile, offset: Int = 0, length: Int,
        protection: Protection = [.read, .write], sharing: Sharing = .shared
    ) throws(Errno) {
        try self.init(
            length: length, protection: protection, flags: sharing.flag,
            descriptor: file.descriptor.rawValue, offset: offset)
    }

    /// Maps `length` bytes that are backed by no file of a name.
    public init(anonymous sharing: Sharing, length: Int) throws(Errno) {
        try self.init(
            length: length, protection: [.read, .write], flags: sharing.flag | MAP_ANONYMOUS,
            descriptor: -1, offset: 0)
    }

    /// Maps a file by a descriptor that somebody else owns, shared and writable.
    package init(sharing descriptor: Int32, length: Int) throws(Errno) {
        try self.init(
            length: length, protection: [.read, .write], flags: MAP_SHARED, descriptor: descriptor, offset: 0)
    }

    private init(
        length: Int, protection: Protection, flags: Int32, descriptor: Int32, offset: Int
    ) throws(Errno) {
        address = UInt(
            bitPattern: try valueOrErrno(
                crf_mmap(0, length, protection.rawValue, flags, descriptor, offset)))
        self.length = length
    }

    /// The futex word `offset` bytes into the mapping, a multiple of 4 inside it.
    ///
    /// The cell is good for as long as the mapping.
    public func cell(at offset: Int) -> FutexCell {
        precondition(offset >= 0 && offset % 4 == 0 && offset + 4 <= length, "no futex word at \(offset)")
        return FutexCell(UnsafeMutablePointer(bitPattern: address + UInt(offset))!)
    }

    deinit {
        _ = crf_munmap(address, length)
    }
}
