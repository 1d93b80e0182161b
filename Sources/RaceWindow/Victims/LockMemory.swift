// SPDX-License-Identifier: MIT

import Glibc
import RaceReport
import RobustFutex
import SystemPackage
import TestProcesses

/// The page that a lock lies in, and later something else.
struct LockMemory: ~Copyable {
    static let length = 4096
    /// Of the lock in the page. A multiple of 64, so that a seccomp filter can tell it by a mask.
    static let lockOffset = 512
    static let lockAlignment: UInt64 = 64

    /// Addresses of the page: below 4 GiB, for 32-bit programs; different in the two processes, so that
    /// nothing works by accident of equal addresses; where no loader puts anything.
    static let unlockerAddress: UInt64 = 0x2000_0000
    static let destroyerAddress: UInt64 = 0x3000_0000

    private let file: MemoryFile
    private let path: FilePath?
    /// The lock is in a segment that the destroyer makes.
    private let isHeap: Bool

    var descriptor: Int32 { file.descriptor.rawValue }

    /// - Throws: `CheckError.broken` when the directory for temporary files (TMPDIR, else /tmp) takes no file.
    init(_ kind: Scenario.Memory) throws {
        isHeap = kind == .boost
        guard kind != .shared, !isHeap else {
            file = try MemoryFile(name: "robust-lock", length: Self.length)
            // As the victim calls it.
            path = isHeap ? FilePath("/dev/shm/robust-list-race-\(getpid())") : nil
            return
        }
        let path = temporaryDirectory.appending("robust-lock-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        do {
            file = try MemoryFile(creating: path, length: Self.length)
        } catch {
            throw CheckError.broken("\(path) cannot be created: \(error.name)")
        }
        self.path = path
    }

    /// The bytes that read(2) finds in the file at the lock's place.
    ///
    /// - Parameter offset: of the lock in the file.
    func contents(at offset: Int, count: Int) throws -> [UInt8] {
        guard !isHeap else {
            let segment = try FileDescriptor.open(path!, .readOnly, options: .closeOnExec)
            return try segment.closeAfter { try Self.contents(of: segment, at: offset, count: count) }
        }
        return try Self.contents(of: file.descriptor, at: offset, count: count)
    }

    private static func contents(of file: FileDescriptor, at offset: Int, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
            read = try file.read(
                fromAbsoluteOffset: Int64(offset), into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Zeroes all of it.
    func clear() throws {
        _ = try file.descriptor.writeAll(
            toAbsoluteOffset: 0, [UInt8](repeating: 0, count: Self.length))
    }

    deinit {
        if let path { unlink(path.string) }
    }
}
