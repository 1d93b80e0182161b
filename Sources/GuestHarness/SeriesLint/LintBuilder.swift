// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Builds commits of a tree, each configuration in a directory of its own.
///
/// Results are kept by the contents of the commit: a second run, or one that continues after an interruption, builds
/// only what has not been built before.
struct LintBuilder: Sendable {
    typealias Configuration = LintPlan.Configuration

    /// The result of a build.
    struct Result: Codable, Equatable, Sendable {
        /// The reason why it failed; nil when it succeeded.
        var failure: String?
        var diagnostics: Diagnostics
        /// Those of the sources asked about for which there is an object.
        var compiled: [String]
    }

    private struct Stamp: Codable, Equatable {
        var configuration: Configuration
        var compiler: String
        var goals: [String]
        var sources: [String]
    }

    private struct Record: Codable {
        var stamp: Stamp
        var result: Result
    }

    let tree: LintedTree
    let tools: LintTools
    let progress: Progress

    private func directory(of configuration: Configuration) -> FilePath {
        tree.directory.appending("objects").appending(
            configuration.name.replacing(/[^A-Za-z0-9_-]+/, with: "-"))
    }

    /// - Parameters:
    ///   - goals: the targets of make.
    ///   - sources: the files whose objects to look for.
    func build(
        _ configuration: Configuration, at commit: LintedTree.Commit, goals: [String], sources: [String],
        stage: String
    ) async throws -> Result {
        let objects = directory(of: configuration)
        let compiler = try tools.compilers.compiler(for: configuration.cross)
        let stamp = Stamp(
            configuration: configuration,
            compiler: String(
                try await Tool(compiler.program, ["--version"], environment: compiler.environment)
                    .output().prefix { $0 != "\n" }),
            goals: goals, sources: sources)
        let key = "\(commit.contents)-\(Self.fingerprint(of: goals))"
        let file = FilePath("\(objects).results").appending("\(key).json")
        if let data = try? Files.read(file), let record = try? JSONDecoder().decode(Record.self, from: data),
            record.stamp == stamp
        {
            return record.result
        }
        return try await progress.stage(stage) {
            try await tree.checkOut(commit)
            let result = try await make(configuration, in: objects, compiler, goals, sources)
            try Files.write(JSONEncoder().encode(Record(stamp: stamp, result: result)), to: file)
            return result
        }
    }

    private func make(
        _ configuration: Configuration, in objects: FilePath, _ compiler: CrossCompilers.Compiler,
        _ goals: [String], _ sources: [String]
    ) async throws -> Result {
        let ledger = objects.appending(".diagnostics.json")
        let unfinished = objects.appending(".unfinished")
        // The warnings of an interrupted make are lost, and make does not repeat them for objects that exist.
        if Files.exists(unfinished) { try Files.remove(objects) }
        try Files.makeDirectory(objects)
        var diagnostics =
            (try? JSONDecoder().decode(Diagnostics.self, from: Files.read(ledger))) ?? Diagnostics()
        try Files.write(Data(), to: unfinished)
        var failure: String?
        for step in try await steps(configuration, in: objects, compiler, goals) {
            var count = 0
            var lines: [String] = []
            let succeeded = try await step.status { line in
                lines.append(line)
                if Diagnostics.madeObject(line) != nil { count += 1 }
                progress.update("\(count) steps")
            }.isSuccess
            // A make that ended because of a cancellation has not failed.
            try Task.checkCancellation()
            diagnostics.update(fromBuild: lines, tree: tree.tree.string)
            if !succeeded {
                failure = Self.reason(lines, tree: tree.tree.string)
                break
            }
            if let invalid = Self.invalidChecker(lines) { throw HarnessError(invalid) }
        }
        try Files.write(JSONEncoder().encode(diagnostics), to: ledger)
        try Files.remove(unfinished)
        let compiled = sources.filter { source in
            Files.exists(objects.pushing(FilePath(String(source.dropLast(2)) + ".o")))
        }
        return Result(failure: failure, diagnostics: diagnostics, compiled: compiled)
    }

    /// The makes that a build consists of, after its configuration is written.
    private func steps(
        _ configuration: Configuration, in objects: FilePath, _ compiler: CrossCompilers.Compiler,
        _ goals: [String]
    ) async throws -> [Tool] {
        let jobs = "-j\(ProcessInfo.processInfo.activeProcessorCount)"
        func make(_ arguments: [String], in directory: FilePath? = nil) -> Tool {
            Tool(
                "make",
                ["O=\(objects)", "ARCH=\(configuration.architecture)"] + compiler.arguments + arguments,
                directory: directory ?? tree.tree,
                environment: compiler.environment.merging(tools.buildEnvironment) { first, _ in first })
        }
        if configuration.kind == .selftests {
            let tests = tree.tree.appending("tools/testing/selftests")
            return [make([jobs, "headers"])]
                + goals.map {
                    make(
                        [
                            jobs, "--output-sync=target", "OUTPUT=\(objects)/selftests/\($0)",
                            "KHDR_INCLUDES=-isystem \(objects)/usr/include",
                        ], in: tests.appending($0))
                }
        }
        try await configure(configuration, in: objects, make)
        // cmd_checkdoc is kernel-doc on every file: the patches' own files have a check for that.
        var arguments = [jobs, "--output-sync=target", "W=1", "cmd_checkdoc="]
        if configuration.kind == .sparse {
            arguments = [jobs, "--output-sync=target", "C=2", "CHECK=\(try await tools.sparse())"]
        }
        return [make(arguments + goals)]
    }

    private func configure(
        _ configuration: Configuration, in objects: FilePath, _ make: ([String], FilePath?) -> Tool
    ) async throws {
        let config = try configuration.config
        let file = objects.appending(".config")
        _ = try await make(["tinyconfig"], nil).output()
        let text = String(decoding: try Files.read(file), as: UTF8.self)
        try Files.write(Data((text + config.requested.joined(separator: "\n") + "\n").utf8), to: file)
        _ = try await make(["olddefconfig"], nil).output()
        try config.verify(String(decoding: try Files.read(file), as: UTF8.self), of: configuration.name)
    }

    /// The first error of a build that failed, or its last lines.
    static func reason(_ lines: [String], tree: String) -> String {
        let telling = lines.filter {
            $0.firstMatch(of: /(?:^|\s)(?:error|fatal error|undefined reference)\b/) != nil
                && !$0.contains("make[")
        }
        let chosen = telling.isEmpty ? lines.suffix(3) : telling.prefix(3)
        return chosen.map { line in
            line.replacing(/\/\S*\//) { match in
                Diagnostics.relative(String(match.0) + "x", to: tree).dropLast()
            }
        }.joined(separator: "\n")
    }

    /// make goes on without the checker when it finds it wanting.
    static func invalidChecker(_ lines: [String]) -> String? {
        lines.first { $0.contains("is not available or not up to date") }
    }

    private static func fingerprint(of goals: [String]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in goals.joined(separator: "\0").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return String(hash, radix: 16)
    }
}
