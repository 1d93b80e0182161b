// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The programs that a check of the series needs beyond those of the harness.
///
/// The cross compilers are unpacked below `build`, not installed: Debian's packages of them conflict
/// with gcc-multilib, so that installing the one removes the other. sparse is compiled from Debian's
/// newest source where the machine's own is too old for the kernel.
struct LintTools: Sendable {
    let repository: Repository
    let progress: Progress

    struct Compiler: Sendable {
        /// The compiler proper, to ask for its version.
        var program: String
        /// For make.
        var arguments: [String]
        var environment: [String: String]
    }

    private var directory: FilePath { repository.build.appending("check/tools") }
    private var crossRoot: FilePath { directory.appending("cross") }
    private var builtSparse: FilePath { directory.appending("sparse/sparse") }

    /// For make, so that what the compiler makes of a file serves the next build.
    var buildEnvironment: [String: String] {
        [
            "CCACHE_DIR": repository.build.appending("ccache").string,
            "CCACHE_BASEDIR": repository.build.appending("check").string,
            "CCACHE_NOHASHDIR": "1", "CCACHE_MAXSIZE": "3G",
            "KBUILD_BUILD_TIMESTAMP": "Thu Jan 1 00:00:00 UTC 1970",
            "KBUILD_BUILD_USER": "check", "KBUILD_BUILD_HOST": "robust-futex", "LC_ALL": "C",
        ].merging(systemFirst) { first, _ in first }
    }

    /// The kernel's scripts start `python3` by name and need Debian's, which has the modules they
    /// import; another one can be first in PATH.
    var systemFirst: [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return ["PATH": "/usr/bin:/bin:\(path)", "LC_ALL": "C.UTF-8"]
    }

    /// The compiler for a GNU triplet; the machine's own for nil. Does not get it: see `prepare`.
    func compiler(for triplet: String?) throws -> Compiler {
        guard let triplet else {
            return Compiler(
                program: "gcc", arguments: ["CC=ccache gcc", "HOSTCC=ccache gcc"], environment: [:])
        }
        let prefix = crossRoot.appending("usr/bin/\(triplet)-").string
        guard let gcc = Self.versioned(prefix + "gcc") else {
            throw HarnessError("there is no compiler for \(triplet) in \(crossRoot)")
        }
        return Compiler(
            program: gcc,
            arguments: ["CROSS_COMPILE=\(prefix)", "CC=ccache \(gcc)", "HOSTCC=ccache gcc"],
            environment: ["LD_LIBRARY_PATH": libraries.string])
    }

    /// The directory of the libraries that the unpacked binutils are linked with.
    private var libraries: FilePath { crossRoot.appending("usr/lib/x86_64-linux-gnu") }

    /// `PREFIXgcc-12`: Debian's packages have the version in the name of the program.
    private static func versioned(_ prefix: String) -> String? {
        let path = FilePath(prefix)
        let names = Files.list(path.removingLastComponent()).filter {
            $0.wholeMatch(of: try! Regex("\(path.lastComponent!.string)-[0-9]+")) != nil
        }
        return names.last.map { path.removingLastComponent().appending($0).string }
    }

    /// Unpacks the compilers for `triplets` that are not there. Needs the network only then.
    func getCompilers(for triplets: [String]) async throws {
        for triplet in triplets where (try? compiler(for: triplet)) == nil {
            try await progress.stage("tools: compiler for \(triplet)") {
                let version = try await Tool("gcc", ["-dumpversion"]).output()
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                try await unpack(
                    ["binutils-\(triplet)", "cpp-\(version)-\(triplet)", "gcc-\(version)-\(triplet)"])
            }
        }
    }

    private func unpack(_ names: [String]) async throws {
        let apt = PrivateApt(directory: directory.appending("apt"), suite: nil)
        try await apt.update()
        for name in names {
            guard let package = try await apt.packages(matching: name).first else {
                throw HarnessError("the machine's Debian suites have no package \(name)")
            }
            let archive = try await apt.download(package)
            try Files.makeDirectory(crossRoot)
            _ = try await Tool("dpkg-deb", ["-x", archive.string, crossRoot.string]).output()
            try Files.remove(archive)
        }
    }

    /// A sparse that can parse this kernel: the machine's own, else one compiled from the newest
    /// source that Debian has.
    func sparse() async throws -> String {
        for candidate in ["/usr/bin/sparse", builtSparse.string] where await Self.isUsable(candidate) {
            return candidate
        }
        throw HarnessError("no sparse that understands __typeof_unqual__, which the kernel's headers use")
    }

    func getSparse() async throws {
        if (try? await sparse()) != nil { return }
        try await progress.stage("tools: sparse") {
            let apt = PrivateApt(directory: directory.appending("apt-sparse"), suite: "sid", sources: true)
            try await apt.update()
            let source = try await apt.downloadSource("sparse")
            let partial = directory.appending("sparse.partial")
            try Files.remove(partial)
            try Files.remove(builtSparse.removingLastComponent())
            try Files.makeDirectory(partial)
            _ = try await Tool(
                "tar", ["-x", "--strip-components=1", "-C", partial.string, "-f", source.string]
            ).output()
            _ = try await Tool("make", ["sparse"], directory: partial, environment: ["LC_ALL": "C"]).output()
            try Files.rename(partial, to: builtSparse.removingLastComponent())
            try Files.remove(source)
        }
    }

    /// Tells whether a sparse runs at all and parses the syntax that the kernel needs. scripts/checker-valid.sh tests
    /// the same, but takes a program that cannot start for a valid one.
    static func isUsable(_ program: String) async -> Bool {
        guard access(program, X_OK) == 0 else { return false }
        let sample = "/tmp/harness-sparse-\(getpid()).c"
        let code = "static inline int u(const int *q)\n{\n\t__typeof_unqual__(*q) v = *q;\n\treturn v;\n}\n"
        defer { unlink(sample) }
        guard (try? Files.write(Data(code.utf8), to: FilePath(sample))) != nil,
            let result = try? await Tool(program, [sample]).said()
        else { return false }
        return result.succeeded && result.lines.isEmpty
    }
}
