// SPDX-License-Identifier: MIT

import FoundationEssentials
import Glibc
import RobustFutex
import SystemPackage

/// A file that appears under its name with all that it shall hold, or not at all.
public struct WholeFile: ~Copyable {
    private let path: FilePath
    private let temporary: FilePath
    private let descriptor: FileDescriptor

    /// Opens a file beside `path` at once: a place that cannot be written is found out before the work, not
    /// after it.
    public init(_ path: FilePath) throws(Errno) {
        self.path = path
        temporary = FilePath("\(path).\(getpid()).partial")
        let temporary = temporary
        descriptor = try asErrno {
            try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        }
    }

    /// Writes the value as JSON, and puts the file in its place.
    public consuming func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(value) + Data("\n".utf8)
        _ = try descriptor.writeAll(bytes)
        guard fsync(descriptor.rawValue) == 0, rename(temporary.string, path.string) == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    deinit {
        try? descriptor.close()
        // Gone already when it was renamed.
        unlink(temporary.string)
    }
}
