// SPDX-License-Identifier: MIT

import Glibc
import RaceReport
import SystemPackage

/// A C library that is not the one that programs of this machine are started with, and its dynamic loader.
public struct GivenLibrary: Equatable, Sendable {
    /// The C library of victims that it can run: that of ``Scenario/Unlocker/glibc64`` or ``Scenario/Unlocker/musl``.
    public let unlocker: Scenario.Unlocker
    /// Of the project, as the file itself says.
    public let version: String
    /// The file that the kernel executes.
    public let loader: FilePath
    /// The directory of the library.
    public let directory: FilePath

    /// The directories that its loader looks in: those of the machine's libraries that a program needs besides come after it.
    var searchPath: String {
        unlocker == .musl
            ? directory.string : "\(directory):/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu"
    }

    /// The newest version of a symbol that the victim for old ones needs is 2.14 (`memcpy`). 2.31 is the oldest that it was
    /// tried with.
    private static let oldestGlibc = (2, 14)

    /// Tells whether it is a glibc that has its threads in a library of their own, libpthread.so.0: older than 2.34.
    public let hasLibpthread: Bool

    /// Looks into a file.
    ///
    /// - Parameter path: a `libc.so.6` whose loader lies beside it or in `lib64` of the same root, or musl's
    ///   `ld-musl-x86_64.so.1` (`libc.so`), which is its own loader.
    /// - Throws: ``CannotRun`` with the path and the reason when it is none that can be used.
    public init(at path: FilePath) throws {
        let bytes = try Self.contents(of: path)
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]), bytes.count > 64 else {
            throw CannotRun("\(path): not an ELF file, so no C library")
        }
        // EI_CLASS 2, 64 bits; e_machine 62, EM_X86_64.
        guard bytes[4] == 2, bytes[18] == 62, bytes[19] == 0 else {
            throw CannotRun(
                "\(path): a library of another architecture; this program tests 64-bit x86-64 ones")
        }
        guard !Self.isProgram(bytes) else { throw CannotRun("\(path): a program, not a C library") }
        directory = path.removingLastComponent()
        if let version = Self.word(after: "GNU C Library", "release version ", in: bytes) {
            unlocker = .glibc64
            self.version = version
            let numbers = version.split(separator: ".").compactMap { Int($0) }
            hasLibpthread = numbers.lexicographicallyPrecedes([2, 34])
            guard numbers.count >= 2, (numbers[0], numbers[1]) >= Self.oldestGlibc else {
                throw CannotRun(
                    "\(path): glibc \(version) is too old; from \(Self.oldestGlibc.0).\(Self.oldestGlibc.1) on they can be tested"
                )
            }
            loader = try Self.loader(of: path)
        } else if Self.offset(of: "musl libc (x86_64)", in: bytes[...]) != nil {
            unlocker = .musl
            hasLibpthread = false
            // The version is printed from a string of its own, which nothing marks.
            version = Self.muslVersion(in: bytes) ?? "of unknown version"
            loader = path
        } else {
            throw CannotRun("\(path): neither glibc's libc.so.6 nor musl's loader: it does not say so")
        }
        guard access(loader.string, X_OK) == 0 else {
            throw CannotRun("\(loader): cannot be executed: \(Errno(rawValue: errno))")
        }
    }

    /// A library whose place is known, without a look into it.
    init(_ unlocker: Scenario.Unlocker, version: String, loader: FilePath) {
        self.unlocker = unlocker
        self.version = version
        self.loader = loader
        hasLibpthread = false
        directory = loader.removingLastComponent()
    }

    /// Tells whether an ELF file is a program: e_type 2 (ET_EXEC), or one that its dynamic section calls
    /// position-independent (DT_FLAGS_1, DF_1_PIE; <elf.h>).
    private static func isProgram(_ bytes: [UInt8]) -> Bool {
        guard bytes[16] == 3 else { return true }
        func word(_ offset: Int, _ size: Int) -> Int? {
            guard offset >= 0, offset + size <= bytes.count else { return nil }
            return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let (table, size, count) = (word(32, 6) ?? 0, word(54, 2) ?? 0, word(56, 2) ?? 0)
        for header in stride(from: table, to: table + size * count, by: max(size, 1)) {
            // PT_DYNAMIC: p_offset and p_filesz.
            guard word(header, 4) == 2, let start = word(header + 8, 6), let length = word(header + 32, 6)
            else { continue }
            for entry in stride(from: start, to: start + length, by: 16)
            where word(entry, 8) == 0x6fff_fffb {
                return (word(entry + 8, 4) ?? 0) & 0x0800_0000 != 0
            }
        }
        return false
    }

    private static let loaderName = "ld-linux-x86-64.so.2"

    private static func loader(of library: FilePath) throws -> FilePath {
        var directory = library.removingLastComponent()
        let beside = directory.appending(loaderName)
        if access(beside.string, F_OK) == 0 { return beside }
        // ROOT/lib/x86_64-linux-gnu/libc.so.6, ROOT/usr/lib64/libc.so.6, …; not just anywhere below a root, for the loader
        // of another glibc does not do.
        var inside: [String] = []
        while let name = directory.lastComponent?.string, directory.removeLastComponent() {
            inside.insert(name, at: 0)
            guard (inside[0] == "usr" ? inside.dropFirst().first : inside[0])?.hasPrefix("lib") == true
            else { continue }
            let inRoot = directory.appending("lib64").appending(loaderName)
            if access(inRoot.string, F_OK) == 0 { return inRoot }
        }
        throw CannotRun(
            "\(library): its loader, \(loaderName), is neither beside it nor in lib64 of a directory above it"
        )
    }

    private static func contents(of path: FilePath) throws -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            return try file.closeAfter {
                var all: [UInt8] = []
                var part = [UInt8](repeating: 0, count: 1 << 16)
                while case let count = try part.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0
                {
                    all += part[..<count]
                }
                return all
            }
        } catch let error as Errno {
            throw CannotRun("\(path): cannot be read: \(error)")
        }
    }

    private static func offset(of text: String, in bytes: ArraySlice<UInt8>) -> Int? {
        let needle = Array(text.utf8)
        return bytes.indices.first { start in
            bytes[start] == needle[0] && bytes[start...].starts(with: needle)
        }
    }

    /// The word, to the next character that is neither a digit nor a dot, after `second`, which follows `first` soon.
    private static func word(after first: String, _ second: String, in bytes: [UInt8]) -> String? {
        guard let start = offset(of: first, in: bytes[...]),
            let place = offset(of: second, in: bytes[start..<min(start + 200, bytes.count)])
        else { return nil }
        let digits = bytes[(place + second.utf8.count)...].prefix { $0 == 0x2e || (0x30...0x39).contains($0) }
        let version = String(decoding: digits, as: UTF8.self)
        return String(version.reversed().drop { $0 == "." }.reversed())
    }

    /// A string of its own of the form 1.2.3.
    private static func muslVersion(in bytes: [UInt8]) -> String? {
        var found: String?
        for candidate in bytes.split(separator: 0) where (5...8).contains(candidate.count) {
            let text = String(decoding: candidate, as: UTF8.self)
            if text.wholeMatch(of: /1\.[0-9]+\.[0-9]+/) != nil { found = text }
        }
        return found
    }
}
