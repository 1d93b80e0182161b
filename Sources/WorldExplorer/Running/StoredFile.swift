// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// A file of a world, with its descriptor for reading only, and that of the file opened again.
final class StoredFile {
    let file: MemoryFile
    let readOnly: MemoryFile
    let reopened: MemoryFile
    /// Of the file in hugetlbfs, which can be read but not written by write(2).
    private let mapping: MemoryMapping?
    /// The address of that; a value that cannot be copied cannot be bound in a class.
    private let mappingStart: UInt?
    /// The part that words are in, in bytes.
    let window: Range<Int>

    /// One in a directory for the last number; in memory for the others.
    init(_ number: Int, in directory: FilePath) throws {
        let length = Extent.filePages * Extent.pageBytes
        if number == Extent.files - 1 {
            let path = directory.appending("world-\(getpid())-\(UInt32.random(in: 0 ... .max))")
            file = try MemoryFile(creating: path, length: length)
            unlink(path.string)
        } else {
            file = try MemoryFile(name: "world", length: length)
        }
        readOnly = try MemoryFile(readOnly: file)
        reopened = try MemoryFile(reopening: file)
        mapping = nil
        mappingStart = nil
        window = 0..<length
    }

    /// That of one huge page.
    init() throws {
        let hugePages: UInt32 = 4  // MFD_HUGETLB
        file = try MemoryFile(name: "world", length: Extent.huge.count, flags: hugePages)
        readOnly = try MemoryFile(readOnly: file)
        reopened = try MemoryFile(reopening: file)
        let mapping = try MemoryMapping(of: file, length: Extent.huge.count)
        mappingStart = mapping.address
        self.mapping = consume mapping
        window =
            Extent.hugeWindow.lowerBound * Extent.pageBytes..<Extent.hugeWindow.upperBound * Extent.pageBytes
    }

    /// The words of the window.
    func words() throws -> [UInt32] {
        if let mappingStart {
            let start = UnsafeRawPointer(bitPattern: mappingStart + UInt(window.lowerBound))!
            return Array(
                UnsafeRawBufferPointer(start: start, count: window.count).bindMemory(to: UInt32.self))
        }
        let descriptor = file.descriptor
        return try [UInt32](unsafeUninitializedCapacity: window.count / 4) { buffer, initialized in
            let read = try descriptor.read(
                fromAbsoluteOffset: Int64(window.lowerBound), into: UnsafeMutableRawBufferPointer(buffer))
            initialized = read / 4
        }
    }

    /// The word at a byte of the window.
    func word(at byte: Int) throws -> UInt32 { try words()[(byte - window.lowerBound) / 4] }

    /// The first word of the window that is not as in `expected`, which has the whole file; nil if all are.
    func firstDifference(from expected: [UInt32]) throws -> (index: Int, found: UInt32)? {
        let found = try words()
        let difference = expected.withUnsafeBytes { expected in
            found.withUnsafeBytes {
                memcmp($0.baseAddress!, expected.baseAddress! + window.lowerBound, window.count)
            }
        }
        guard difference != 0 else { return nil }
        let first = window.lowerBound / 4
        let place = found.indices.first { found[$0] != expected[first + $0] }!
        return (first + place, found[place])
    }

    /// Gives all words of the window a value.
    func fill(_ words: [UInt32]) throws {
        try words.withUnsafeBytes { bytes in
            if let mappingStart {
                UnsafeMutableRawPointer(bitPattern: mappingStart + UInt(window.lowerBound))!.copyMemory(
                    from: bytes.baseAddress!, byteCount: bytes.count)
            } else {
                _ = try file.descriptor.writeAll(toAbsoluteOffset: Int64(window.lowerBound), bytes)
            }
        }
    }

    func write(_ value: UInt32, at byte: Int) throws {
        if let mappingStart {
            let word = UnsafeMutablePointer<UInt32>(bitPattern: mappingStart + UInt(byte))!
            return FutexCell(word).store(FutexWord(rawValue: value))
        }
        _ = try withUnsafeBytes(of: value) { try file.descriptor.writeAll(toAbsoluteOffset: Int64(byte), $0) }
    }
}
