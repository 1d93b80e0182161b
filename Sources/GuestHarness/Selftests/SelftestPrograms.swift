// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The futex selftests of a kernel tree, built and installed to run from a directory.
struct SelftestPrograms: Sendable {
    /// The directory of `run_kselftest.sh`.
    let directory: FilePath
    /// The programs that are to run, sorted.
    let names: [String]

    /// The test that the series brings: no other kernel passes it.
    static let ofTheSeries = "cleanup_robust_list"

    private static let collection = "futex/functional"
    /// Seconds that one program may take: the runner's own limit is for machines that are not emulated.
    private static let limit = 300

    /// Builds the tests of `tree`, which belongs to a kernel of the harness, in `directory`, unless they are current.
    init(of tree: FilePath, toolchain: Toolchain, in directory: FilePath, log: FilePath) async throws {
        let compiler = try await toolchain.compiler()
        func make(_ tree: FilePath, _ arguments: [String]) -> Tool {
            Tool(
                "make", arguments, directory: tree,
                environment: compiler.environment.merging([
                    "ARCH": toolchain.architecture.kernelArchitecture, "LC_ALL": "C",
                ]) { first, _ in first })
        }
        let output = directory.appending("build")
        let installed = directory.appending("installed")
        let arguments = toolchain.architecture.runsSwift ? [] : toolchain.staticLinking(compiler)
        try Files.makeDirectory(output)
        // The tests are to see the numbers and structures of this tree, not those of the machine's libc.
        try await make(tree, ["headers_install", "INSTALL_HDR_PATH=\(output.appending("usr"))"])
            .runLogged(to: log)
        // make knows nothing of all that is not in the tests' own directory.
        let stamp = Stamp<[String]>(directory.appending("made-from.json"))
        let inputs =
            arguments + [
                try await Tool(compiler.program, ["--version"], environment: compiler.environment).output(),
                try await Tool(
                    "sha256sum", [toolchain.lineBuffering.string, toolchain.archive(compiler)]
                ).output(), try await Self.digest(of: tree, headers: output.appending("usr")),
            ]
        // Current programs stay as they are, because a guest of another run may be using them.
        if !stamp.isCurrent(for: inputs) || !Files.exists(installed) {
            try stamp.clear()
            try Files.remove(output.appending("kselftest"))
            try Files.remove(installed)
            try await make(
                tree,
                [
                    "-C", "tools/testing/selftests", "TARGETS=futex", "FORCE_TARGETS=1", "O=\(output)",
                    "INSTALL_PATH=\(installed)", "install",
                ] + arguments
            ).runLogged(to: log, append: true)
            try stamp.set(inputs)
        }
        let programs = installed.pushing(FilePath(Self.collection))
        // The collection's own script runs a part of them in one go, whose results nobody could tell apart.
        names = Files.list(programs).filter {
            !$0.hasSuffix(".sh") && access(programs.appending($0).string, X_OK) == 0
        }
        guard !names.isEmpty else {
            throw HarnessError("\(tree) has no futex selftests: \(programs) is empty; see \(log)")
        }
        let list = names.map { "\(Self.collection):\($0)\n" }.joined()
        try Files.write(Data(list.utf8), to: installed.appending("kselftest-list.txt"))
        try Files.write(Data("timeout=\(Self.limit)\n".utf8), to: programs.appending("settings"))
        self.directory = installed
    }

    /// Of the sources of the tests and of all that they include.
    private static func digest(of tree: FilePath, headers: FilePath) async throws -> String {
        let script = """
            cd tools/testing/selftests
            find futex kselftest *.h *.mk *.sh Makefile "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
            """
        return try await Tool("sh", ["-c", script, "sh", headers.string], directory: tree).output()
    }

    /// The programs but for those that `only` leaves out.
    ///
    /// - Throws: when there is no such program.
    func selected(_ only: [String]) throws -> [String] {
        for name in only where !names.contains(name) {
            throw HarnessError(
                "no futex selftest is called '\(name)'; there are: \(names.joined(separator: ", "))",
                status: .usage)
        }
        return only.isEmpty ? names : only
    }

    /// The command that runs `programs` in a guest.
    func command(_ programs: [String]) -> [String] {
        [directory.appending("run_kselftest.sh").string]
            + programs.flatMap { ["--test", "\(Self.collection):\($0)"] }
    }

    /// The name of the program that a result of the runner is about.
    static func name(in result: KTAP.Result) -> String {
        result.name.replacing("selftests: \(collection): ", with: "")
    }
}
