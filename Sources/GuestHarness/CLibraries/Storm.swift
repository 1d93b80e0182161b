// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// A storm of kills on programs that use a database with robust mutexes, of which Debian's is taken as it is.
public struct Storm: Sendable {
    /// A library with a database, `libc-patch/tests/storm/NAME.c`.
    public enum Database: String, CaseIterable, Sendable {
        case lmdb, tdb

        var packages: [String] {
            switch self {
            case .lmdb: ["liblmdb0", "liblmdb-dev"]
            case .tdb: ["libtdb1", "libtdb-dev"]
            }
        }
    }

    /// Ways of running a program that was not rebuilt.
    public enum Setting: String, CaseIterable, Sendable {
        case without = "without the preload"
        case preload = "preload"
        case unmap = "preload, unmap"

        func environment(_ preload: FilePath) -> [String] {
            switch self {
            case .without: []
            case .preload: ["LD_PRELOAD=\(preload)"]
            case .unmap: ["LD_PRELOAD=\(preload)", "ROBUST_LIST_PRELOAD=unmap"]
            }
        }
    }

    /// One of them, on one database.
    public struct Run: Equatable, Sendable {
        public var database: Database
        public var setting: Setting
        public var transactions = 0
        public var opens = 0
        public var kills = 0
        /// Differences from what must be, one sentence each.
        public var problems: [String] = []

        init(_ database: Database, _ setting: Setting) {
            self.database = database
            self.setting = setting
        }

        /// - Parameters:
        ///   - text: the program's output.
        ///   - preload: the file's name.
        init(_ database: Database, _ setting: Setting, text: String, preload: String) {
            self.init(database, setting)
            let pattern =
                /storm: destroyed by (\S+): (\d+) transactions, (\d+) opens, (\d+) kills; counters (\d+) and (\d+)/
            guard let match = text.firstMatch(of: pattern) else {
                problems = ["it came to no result: \(text.suffix(300))"]
                return
            }
            transactions = Int(match.2)!
            opens = Int(match.3)!
            kills = Int(match.4)!
            if (match.1 == preload) != (setting != .without) {
                problems.append("mutexes were destroyed by \(match.1)")
            }
            // One without kills or without work has shown nothing.
            if transactions == 0 || kills == 0 { problems.append("nothing was done, or nobody was killed") }
        }
    }

    private let builders: Builders

    public init(_ builders: Builders) {
        self.builders = builders
    }

    private var directory: FilePath { builders.repository.build.appending("storm") }

    /// - Parameters:
    ///   - kernel: in whose guest it is.
    ///   - seconds: of each run.
    public func runs(kernel: Catalogue.Kernel, seconds: Int) async throws -> [Run] {
        guard builders.kernels.architecture(of: kernel).runsSwift else {
            throw HarnessError(
                "\(kernel.name) is of another architecture than this machine, whose programs the storm consists of",
                status: .usage)
        }
        try await builders.swift.buildPreload()
        var runs: [Run] = []
        for database in Database.allCases {
            let program = try await build(database)
            for setting in Setting.allCases {
                let guest = try await builders.guest(
                    kernel: kernel, image: .command,
                    options: .init(commandLimit: .seconds(seconds + 300)))
                runs.append(
                    try await builders.progress.stage("\(database.rawValue), \(setting.rawValue)") {
                        try await run(database, program, setting, in: guest, seconds: seconds)
                    })
            }
        }
        return runs
    }

    private func build(_ database: Database) async throws -> FilePath {
        let packages = DebianPackages(repository: builders.repository, progress: builders.progress)
        let root = try await packages.unpacked(database.packages, as: "lib\(database.rawValue)")
        let libraries = root.pushing(FilePath("usr/lib/\(try await multiarch())"))
        let sources = LibraryCatalogue.directory(in: builders.repository).pushing("tests/storm")
        let program = directory.appending(database.rawValue)
        try Files.makeDirectory(directory)
        _ = try await Tool(
            "gcc",
            [
                "-O2", "-Wall", "-Wextra", "-Werror", "-I\(root.pushing("usr/include"))", "-o",
                program.string, sources.appending("storm.c").string,
                sources.appending("\(database.rawValue).c").string, "-L\(libraries)",
                "-l\(database.rawValue)", "-Wl,-rpath=\(libraries)",
            ]
        ).output()
        return program
    }

    /// Debian's name of the directory for the libraries of this machine.
    private func multiarch() async throws -> String {
        try await Tool("gcc", ["-print-multiarch"]).output().trimmingCharacters(in: .newlines)
    }

    private func run(
        _ database: Database, _ program: FilePath, _ setting: Setting, in guest: Guest, seconds: Int
    ) async throws -> Run {
        let directory = try RunDirectory(.libraries, in: builders.repository, kernel: guest.kernel.name)
        let preload = builders.swift.products.preload
        let request = GuestRequest(
            root: .host, sharedDirectory: builders.repository.root.string, workingDirectory: "/tmp",
            environment: ["PATH=/usr/bin:/bin"],
            arguments: [
                "sh", "-c", "mkdir db && exec \"$@\"", "sh", "env",
            ] + setting.environment(preload) + [program.string, "db", String(seconds)])
        let transcript = try await guest.transcript(of: request, in: directory)
        let text = String(decoding: transcript.output + transcript.error, as: UTF8.self)
        try Files.write(Data(text.utf8), to: directory.suiteOutput)
        var run = Run(database, setting, text: text, preload: preload.lastComponent!.string)
        if let message = transcript.outcome.message { run.problems.append(message) }
        if transcript.outcome.status != 0 {
            run.problems.append(
                "exit status \(transcript.outcome.status): \(text.suffix(300)); see \(directory.path)")
        }
        return run
    }
}
