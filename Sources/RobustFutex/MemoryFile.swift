// SPDX-License-Identifier: MIT

import CRobustFutex
import SystemPackage

/// A file whose pages processes share: the backing store of locks. Closed at the end of its life.
public struct MemoryFile: ~Copyable {
    public let descriptor: FileDescriptor

    /// A memfd of `length` bytes, all zero. The name shows in /proc/PID/maps only.
    ///
    /// - Parameters:
    ///   - inheritable: true if programs that this process executes get the descriptor, too.
    ///   - flags: of memfd_create(2) besides `MFD_CLOEXEC`.
    public init(
        name: String, length: Int, inheritable: Bool = false, flags: UInt32 = 0
    ) throws(Errno) {
        let all = flags | (inheritable ? 0 : closeOnExec)
        try self.init(
            adopting: FileDescriptor(rawValue: CInt(valueOrErrno(crf_memfd_create(name, all)))),
            length: length)
    }

    /// A new file in a file system, which must not exist yet.
    public init(creating path: FilePath, length: Int) throws(Errno) {
        try self.init(
            adopting: open(path, .readWrite, [.create, .exclusiveCreate, .closeOnExec], [.ownerReadWrite]),
            length: length)
    }

    /// Memory that the kernel itself cannot see, by memfd_secret(2).
    public init(secret length: Int) throws(Errno) {
        try self.init(
            adopting: FileDescriptor(
                rawValue: CInt(
                    valueOrErrno(crf_syscall6(crf_nr_memfd_secret, 0, 0, 0, 0, 0, 0)))),
            length: length)
    }

    /// A file that exists, for reading and writing.
    public init(opening path: FilePath) throws(Errno) {
        descriptor = try open(path, .readWrite, [.closeOnExec], nil)
    }

    /// The same file again, by a descriptor that may only read: its shared mappings can never be written.
    public init(readOnly file: borrowing MemoryFile) throws(Errno) {
        descriptor = try open(Self.path(of: file), .readOnly, [.closeOnExec], nil)
    }

    /// The same file again, by another open file: its mappings are of the same memory.
    public init(reopening file: borrowing MemoryFile) throws(Errno) {
        try self.init(opening: Self.path(of: file))
    }

    /// Opens anew whatever the file is, a name in a file system or none.
    private static func path(of file: borrowing MemoryFile) -> FilePath {
        FilePath("/proc/self/fd/\(file.descriptor.rawValue)")
    }

    /// A file that is open already, and is this value's from now on.
    package init(owning descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    private init(adopting descriptor: FileDescriptor, length: Int) throws(Errno) {
        self.descriptor = descriptor
        try asErrno { try descriptor.resize(to: Int64(length)) }
    }

    /// The word at `offset` bytes as read(2) sees it: what anybody else who opens the file would find.
    public func word(at offset: Int) throws(Errno) -> UInt32 {
        var word: UInt32 = 0
        let count = try withUnsafeMutableBytes(of: &word) { bytes throws(Errno) in
            try asErrno { try descriptor.read(fromAbsoluteOffset: Int64(offset), into: bytes) }
        }
        guard count == MemoryLayout<UInt32>.size else { throw .ioError }
        return word
    }

    deinit {
        try? descriptor.close()
    }
}

/// MFD_CLOEXEC of memfd_create(2)
private let closeOnExec: UInt32 = 1

private func open(
    _ path: FilePath, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions,
    _ permissions: FilePermissions?
) throws(Errno) -> FileDescriptor {
    try asErrno { try FileDescriptor.open(path, mode, options: options, permissions: permissions) }
}

/// swift-system throws `Errno` only, and declares untyped `throws`.
package func asErrno<Value: ~Copyable>(_ body: () throws -> Value) throws(Errno) -> Value {
    do {
        return try body()
    } catch let error as Errno {
        throw error
    } catch {
        preconditionFailure("swift-system threw \(error), which is no Errno")
    }
}
