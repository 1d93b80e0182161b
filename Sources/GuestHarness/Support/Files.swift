// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// File operations whose errors name the path.
public enum Files {
    public static func exists(_ path: FilePath) -> Bool {
        FileManager.default.fileExists(atPath: path.string)
    }

    public static func read(_ path: FilePath) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path.string))
        } catch {
            throw HarnessError("cannot read \(path): \(reason(error))")
        }
    }

    /// Writes a file whole or not at all: readers see the old contents or the new.
    public static func write(_ data: Data, to path: FilePath) throws {
        try makeDirectory(path.removingLastComponent())
        let partial = FilePath("\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
        do {
            let file = try FileDescriptor.open(
                partial, .writeOnly, options: [.create, .exclusiveCreate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(data) }
            guard Foundation.rename(partial.string, path.string) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(partial.string)
            throw HarnessError("cannot write \(path): \(error)")
        }
    }

    /// Encodes a value as JSON that people can read and that is the same for the same value.
    public static func json(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// Writes a value as ``json(_:)`` has it, with a newline at the end.
    public static func write(json value: some Encodable, to path: FilePath) throws {
        try write(json(value) + Data("\n".utf8), to: path)
    }

    public static func makeDirectory(_ path: FilePath) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path.string, withIntermediateDirectories: true)
        } catch {
            throw HarnessError("cannot create the directory \(path): \(reason(error))")
        }
    }

    /// The names in a directory, sorted; none when there is no such directory.
    public static func list(_ path: FilePath) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path.string)) ?? []).sorted()
    }

    /// Removes a file or a whole tree, if it is there.
    public static func remove(_ path: FilePath) throws {
        guard (try? FileManager.default.attributesOfItem(atPath: path.string)) != nil else { return }
        do {
            try FileManager.default.removeItem(atPath: path.string)
        } catch {
            throw HarnessError("cannot remove \(path): \(reason(error))")
        }
    }

    public static func rename(_ from: FilePath, to: FilePath) throws {
        do {
            try FileManager.default.moveItem(atPath: from.string, toPath: to.string)
        } catch {
            throw HarnessError("cannot rename \(from) to \(to): \(reason(error))")
        }
    }

    /// Modification time in seconds since 1970; nil when there is no such file.
    public static func modificationTime(_ path: FilePath) -> Double? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path.string)
        return (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970
    }

    /// Bytes that can still be written to the file system of `path`; nil when that cannot be told.
    public static func freeSpace(_ path: FilePath) -> Int? {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path.string)
        return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
    }

    /// The kernel's error, without Foundation's wrapping.
    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return underlying.map { String(cString: strerror(Int32($0.code))) } ?? error.localizedDescription
    }
}
