// SPDX-License-Identifier: MIT

import Glibc
import SystemPackage
import Testing

@testable import RaceWindow

/// Files that a user may take for a C library.
@Suite struct GivenLibraryTests {
    private static let machinesOwn = FilePath("/lib/x86_64-linux-gnu/libc.so.6")

    private func reason(_ path: FilePath) -> String? {
        #expect(throws: CannotRun.self) { try GivenLibrary(at: path) }?.reason
    }

    @Test(.enabled(if: access(Self.machinesOwn.string, R_OK) == 0, "no such library on this machine"))
    func machinesOwnLibraryIsGlibcWithItsVersion() throws {
        let library = try GivenLibrary(at: Self.machinesOwn)
        #expect(library.unlocker == .glibc64)
        // The running program is linked with the same library.
        var buffer = [CChar](repeating: 0, count: 64)
        confstr(Int32(_CS_GNU_LIBC_VERSION), &buffer, buffer.count)
        let own = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        #expect("glibc \(library.version)" == own)
        #expect(library.loader.lastComponent?.string == "ld-linux-x86-64.so.2")
        #expect(library.directory == Self.machinesOwn.removingLastComponent())
    }

    @Test func otherFilesAreNamedWithTheReason() throws {
        #expect(
            reason("/nowhere/libc.so.6") == "/nowhere/libc.so.6: cannot be read: No such file or directory")
        #expect(reason("/etc/passwd") == "/etc/passwd: not an ELF file, so no C library")
        #expect(reason("/bin/sh") == "/bin/sh: a program, not a C library")
        #expect(reason("/proc/self/exe") == "/proc/self/exe: a program, not a C library")
    }

    /// An ELF header and what follows it.
    private func file(machine: UInt8 = 62, bits: UInt8 = 2, _ contents: String) throws -> FilePath {
        var bytes = [UInt8](repeating: 0, count: 128)
        bytes.replaceSubrange(0..<5, with: [0x7f, 0x45, 0x4c, 0x46, bits])
        (bytes[16], bytes[18]) = (3, machine)
        var template = Array("/tmp/given-library-XXXXXX".utf8CString)
        let descriptor = FileDescriptor(rawValue: mkstemp(&template))
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes + Array(contents.utf8)) }
        return FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    @Test func librariesThatCannotBeTestedAreNamedWithTheReason() throws {
        let cases = [
            (try file(machine: 183, "GNU C Library"), "of another architecture"),
            (try file(bits: 1, "GNU C Library"), "of another architecture"),
            (try file("GNU C Library (X) stable release version 2.13.\n"), "glibc 2.13 is too old"),
            (
                try file("GNU C Library (X) stable release version 2.99.\n"),
                "its loader, ld-linux-x86-64.so.2, is neither"
            ),
            (try file("nothing"), "neither glibc's libc.so.6 nor musl's loader"),
            (try file("musl libc (x86_64)"), "cannot be executed"),
        ]
        for (path, part) in cases {
            let said = try #require(reason(path))
            #expect(said.hasPrefix(path.string) && said.contains(part), "\(said)")
            unlink(path.string)
        }
    }

    /// glibc had its threads in a library of their own before 2.34: a victim that finds them in libc.so.6 does not start there.
    @Test(arguments: [("2.33", "glibc64-old"), ("2.34", "glibc64"), ("2.4", nil)] as [(String, String?)])
    func victimIsTheOneForItsAge(_ version: String, _ victim: String?) throws {
        let directory = FilePath("/tmp/given-library-\(getpid())-\(version)")
        mkdir(directory.string, 0o700)
        let library = directory.appending("libc.so.6")
        let loader = directory.appending("ld-linux-x86-64.so.2")
        let made = try file("GNU C Library (X) stable release version \(version).\n")
        rename(made.string, library.string)
        symlink("/bin/true", loader.string)
        defer {
            unlink(loader.string)
            unlink(library.string)
            rmdir(directory.string)
        }
        let found = victim == nil ? nil : VictimRecipe.of(try GivenLibrary(at: library))?.fileName
        #expect(found == victim)
        #expect(VictimRecipe.all.count { $0.fileName == victim } == (victim == nil ? 0 : 1))
    }
}
