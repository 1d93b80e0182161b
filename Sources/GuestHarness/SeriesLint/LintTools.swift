// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The programs that a check of the series needs beyond those of the harness.
///
/// sparse is compiled from Debian's newest source where the machine's own is too old for the kernel.
struct LintTools: Sendable {
    let repository: Repository
    let progress: Progress

    private var directory: FilePath { repository.build.appending("check/tools") }
    var compilers: CrossCompilers { CrossCompilers(repository: repository, progress: progress) }
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
