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
        guard let version = unpacked("compiler", triplet) else {
            throw HarnessError("there is no compiler for \(triplet) in \(root)")
        }
        // Debian's packages have the version in the name of the program.
        let gcc = "\(prefix)gcc-\(version)"
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

    /// A file with the version that was unpacked, once all of it is there: an interrupted unpacking leaves none.
    private func marker(_ what: String, _ triplet: String) -> FilePath {
        root.appending(".\(what)-\(triplet)")
    }

    private func unpacked(_ what: String, _ triplet: String) -> String? {
        guard let data = try? Files.read(marker(what, triplet)), !data.isEmpty else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// Unpacks packages, unless that was done with those of this machine's version.
    private func unpack(
        _ what: String, for triplet: String, stage: String, _ names: @Sendable (_ version: String) -> [String]
    ) async throws {
        // That of the machine's compiler, whose suite has cross compilers of the same.
        let version = try await Tool("gcc", ["-dumpversion"]).output()
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try await FileLock.withLock(directory.appending(".lock"), progress: progress) {
            if unpacked(what, triplet) == version { return }
            try await progress.stage("tools: \(stage) for \(triplet)") {
                try Files.remove(marker(what, triplet))
                let apt = PrivateApt(directory: directory.appending("apt"), suite: nil)
                try await apt.update()
                for name in names(version) { try await apt.unpack(name, below: root) }
                try link(triplet, version)
                try Files.write(Data(version.utf8), to: marker(what, triplet))
            }
        }
    }

    /// Unpacks the compiler for a GNU triplet, if it is not there. Needs the network only then.
    func get(for triplet: String) async throws {
        try await unpack("compiler", for: triplet, stage: "compiler") { version in
            ["binutils-\(triplet)", "cpp-\(version)-\(triplet)", "gcc-\(version)-\(triplet)"]
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
        try await unpack("library", for: triplet, stage: "C library") { version in
            [
                "linux-libc-dev-\(architecture)-cross", "libgcc-\(version)-dev-\(architecture)-cross",
                "libc6-dev-\(architecture)-cross",
            ]
        }
    }
}
