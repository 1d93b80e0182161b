// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Debian's cross compilers.
///
/// They are unpacked below `build`, not installed: Debian's packages of them conflict with gcc-multilib, so that
/// installing the one removes the other.
struct CrossCompilers: Sendable {
    let repository: Repository
    let progress: Progress

    struct Compiler: Sendable {
        /// The compiler proper, to ask for its version and to compile programs with.
        var program: String
        /// For the kernel's makefiles.
        var arguments: [String]
        var environment: [String: String]
    }

    private var directory: FilePath { repository.build.appending("tools") }
    private var root: FilePath { directory.appending("cross") }
    /// Of what the unpacked binutils are linked with.
    private var libraries: FilePath { root.appending("usr/lib/x86_64-linux-gnu") }

    /// The compiler for a GNU triplet; the machine's own for nil. Does not get it: see `get(for:)`.
    func compiler(for triplet: String?) throws -> Compiler {
        guard let triplet else {
            return Compiler(
                program: "gcc", arguments: ["CC=ccache gcc", "HOSTCC=ccache gcc"], environment: [:])
        }
        let prefix = root.appending("usr/bin/\(triplet)-").string
        guard Files.exists(marker("compiler", triplet)), let gcc = Self.versioned(prefix + "gcc") else {
            throw HarnessError("there is no compiler for \(triplet) in \(root)")
        }
        return Compiler(
            program: gcc,
            arguments: ["CROSS_COMPILE=\(prefix)", "CC=ccache \(gcc)", "HOSTCC=ccache gcc"],
            environment: [
                "LD_LIBRARY_PATH": libraries.string,
                // The makefiles of an architecture with two kinds of code look for the other's compiler in PATH.
                "PATH":
                    "\(root.appending("usr/bin")):/usr/bin:/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "")",
            ])
    }

    /// A file that is there once all of it is, which an interrupted unpacking leaves out.
    private func marker(_ what: String, _ triplet: String) -> FilePath {
        root.appending(".\(what)-\(triplet)")
    }

    /// `PREFIXgcc-12`: Debian's packages have the version in the name of the program.
    private static func versioned(_ prefix: String) -> String? {
        let path = FilePath(prefix)
        let names = Files.list(path.removingLastComponent()).filter {
            $0.wholeMatch(of: try! Regex("\(path.lastComponent!.string)-[0-9]+")) != nil
        }
        return names.last.map { path.removingLastComponent().appending($0).string }
    }

    /// Unpacks the compiler for a GNU triplet, if it is not there. Needs the network only then.
    func get(for triplet: String) async throws {
        try await withLock {
            if (try? compiler(for: triplet)) != nil { return }
            try await progress.stage("tools: compiler for \(triplet)") {
                let version = try await version()
                try await unpack(
                    ["binutils-\(triplet)", "cpp-\(version)-\(triplet)", "gcc-\(version)-\(triplet)"])
                try link(triplet, version)
                try Files.write(Data(), to: marker("compiler", triplet))
            }
        }
    }

    /// Names the compiler as other distributions do, and as a makefile that looks for one expects.
    private func link(_ triplet: String, _ version: String) throws {
        let link = root.appending("usr/bin/\(triplet)-gcc")
        try Files.remove(link)
        try FileManager.default.createSymbolicLink(
            atPath: link.string, withDestinationPath: "\(triplet)-gcc-\(version)")
    }

    /// Unpacks what programs are linked with besides, which kernels do without: the C library and its headers.
    ///
    /// - Parameter architecture: Debian's name, as in `ppc64el`.
    func getLibrary(for triplet: String, architecture: String) async throws {
        try await get(for: triplet)
        try await withLock {
            if Files.exists(marker("library", triplet)) { return }
            try await progress.stage("tools: C library for \(triplet)") {
                try await unpack(
                    [
                        "linux-libc-dev-\(architecture)-cross",
                        "libgcc-\(version())-dev-\(architecture)-cross",
                        "libc6-dev-\(architecture)-cross",
                    ])
                try Files.write(Data(), to: marker("library", triplet))
            }
        }
    }

    private func withLock(_ body: @Sendable () async throws -> Void) async throws {
        try await FileLock.withLock(directory.appending(".lock"), progress: progress) { try await body() }
    }

    /// Of the machine's compiler, whose suite has cross compilers of the same.
    private func version() async throws -> String {
        try await Tool("gcc", ["-dumpversion"]).output().trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func unpack(_ names: [String]) async throws {
        let apt = PrivateApt(directory: directory.appending("apt"), suite: nil)
        try await apt.update()
        for name in names { try await apt.unpack(name, below: root) }
    }
}
