// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import GuestHarness

/// The scripts that a user types: what each starts before it knows what it is asked for.
@Suite struct ScriptTests {
    private let root: FilePath

    init() throws {
        root = try Repository.containing(FilePath(#filePath)).root
    }

    private struct Ended {
        var status: Int32
        var output: String
        var error: String
        /// The programs that install or build, which only note that they were called.
        var started: [String]
    }

    /// Runs a script of a checkout in which nothing newer than the harness lies, or which has no harness.
    private func run(_ script: String, _ arguments: [String], harness: Bool) async throws -> Ended {
        try await withTemporaryDirectory { checkout in
            try copyScripts(to: checkout)
            try write("", to: checkout.appending("Package.swift"))
            try Files.makeDirectory(checkout.appending("Sources"))
            if harness {
                try Files.makeDirectory(checkout.appending(".build/debug"))
                // Its own checkout is the real one.
                try FileManager.default.createSymbolicLink(
                    atPath: checkout.appending(".build/debug/harness").string,
                    withDestinationPath: root.appending(".build/debug/harness").string)
                try write("", to: checkout.appending("build/logs/harness.built"))
            }
            let programs = checkout.appending("programs")
            let started = checkout.appending("started")
            try write("", to: started)
            for (name, status) in [("apt-get", 1), ("dpkg-query", 1), ("sudo", 1), ("swift", 1)] {
                let program = programs.appending(name)
                try write("#!/bin/sh\necho \(name) >>\(started)\nexit \(status)\n", to: program)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: program.string)
            }
            if harness {
                // Newer than this swift, too.
                try FileManager.default.setAttributes(
                    [.modificationDate: Date.now + 1],
                    ofItemAtPath: checkout.appending("build/logs/harness.built").string)
            }
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let result = try await Subprocess.run(
                .path(FilePath(script)), arguments: Arguments(arguments),
                environment: .inherit.updating(["PATH": "\(programs):\(path)"]), workingDirectory: checkout,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            guard case .exited(let status) = result.terminationStatus else {
                throw HarnessError("\(script) ended with \(result.terminationStatus)")
            }
            return Ended(
                status: status, output: result.standardOutput, error: result.standardError,
                started: try text(of: started).split(separator: "\n").map(String.init))
        }
    }

    private func copyScripts(to checkout: FilePath) throws {
        for path in ["qemu", "kernel-patch", "libc-patch", "test"] {
            try FileManager.default.createDirectory(
                atPath: checkout.string, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: root.appending(path).string, toPath: checkout.appending(path).string)
        }
    }

    private static let scripts = [
        "./test", "./qemu/run", "./qemu/compare", "./qemu/selftests", "./qemu/source", "./qemu/footprint",
        "./qemu/fresh-check", "./qemu/coverage", "./kernel-patch/check", "./kernel-patch/mutate",
        "./libc-patch/build", "./libc-patch/check", "./libc-patch/cost",
    ]

    @Test(arguments: scripts)
    func helpStartsNothing(_ script: String) async throws {
        let ended = try await run(script, ["--help"], harness: true)
        #expect(ended.status == 0)
        #expect(ended.output.contains("USAGE: "))
        #expect(ended.started == [])
    }

    @Test(arguments: scripts)
    func helpOfHarnessThatIsNotBuiltNamesWhatBuildsIt(_ script: String) async throws {
        let ended = try await run(script, ["--help"], harness: false)
        #expect(ended.status == HarnessStatus.setUp.rawValue)
        #expect(
            ended.error == "\(script): the harness is not built yet; run ./qemu/prepare first\n")
        #expect(ended.started == [])
    }

    @Test(arguments: [
        ("./qemu/run", ["--list"]), ("./qemu/run", ["--dry-run", "--", "true"]),
        ("./qemu/compare", ["--list"]), ("./kernel-patch/mutate", ["--list"]),
    ])
    func questionStartsNothing(_ script: String, _ arguments: [String]) async throws {
        let answered = try await run(script, arguments, harness: true)
        #expect(answered.status == 0)
        #expect(answered.started == [])
        let referred = try await run(script, arguments, harness: false)
        #expect(referred.status == HarnessStatus.setUp.rawValue)
        #expect(referred.error.contains("run ./qemu/prepare first"))
        #expect(referred.started == [])
    }

    /// A link that somebody has made to a command, wherever it lies, is that command.
    @Test func linkToACommandIsThatCommand() async throws {
        try await withTemporaryDirectory { directory in
            let links = ["first": "kernel-patch/mutate", "second": "libc-patch/check"]
            for (name, script) in links {
                let near = directory.appending("near-\(name)").string
                try FileManager.default.createSymbolicLink(
                    atPath: near, withDestinationPath: root.pushing(FilePath(script)).string)
                try FileManager.default.createSymbolicLink(
                    atPath: directory.appending(name).string, withDestinationPath: "near-\(name)")
                let help = try await Tool(directory.appending(name).string, ["--help"]).output()
                #expect(help.contains("USAGE: \(script)"))
            }
        }
    }

    @Test func questionBehindTheSeparatorIsTheCommands() async throws {
        let ended = try await run("./qemu/run", ["--", "ls", "--help"], harness: false)
        #expect(ended.started.contains("swift"))
    }

    @Test func olderHarnessAnswersAndSaysThatItIsOlder() async throws {
        try await withTemporaryDirectory { directory in
            // A checkout in a directory of its own, with a source that is newer than the harness.
            let ended = try await runWithOldHarness(in: directory)
            #expect(ended.status == 0)
            #expect(ended.output.contains("USAGE: ./qemu/run"))
            #expect(ended.error.contains("./qemu/run: the harness is older than its sources; ./qemu/prepare"))
        }
    }

    private func runWithOldHarness(in checkout: FilePath) async throws -> Ended {
        try copyScripts(to: checkout)
        try write("", to: checkout.appending("Package.swift"))
        try write("", to: checkout.appending("Sources/new.swift"))
        try Files.makeDirectory(checkout.appending(".build/debug"))
        try FileManager.default.createSymbolicLink(
            atPath: checkout.appending(".build/debug/harness").string,
            withDestinationPath: root.appending(".build/debug/harness").string)
        let stamp = checkout.appending("build/logs/harness.built")
        try write("", to: stamp)
        try FileManager.default.setAttributes(
            [.modificationDate: Date.now - 10], ofItemAtPath: stamp.string)
        let result = try await Subprocess.run(
            .path("./qemu/run"), arguments: ["--help"], workingDirectory: checkout,
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard case .exited(let status) = result.terminationStatus else {
            throw HarnessError("./qemu/run ended with \(result.terminationStatus)")
        }
        return Ended(
            status: status, output: result.standardOutput, error: result.standardError, started: [])
    }

    @Test(arguments: [
        ("./qemu/run", ["--bogus"]), ("./qemu/run", ["--kernel", "7.9", "--", "true"]),
        ("./qemu/run", ["--filter", "("]), ("./qemu/run", ["--smp", "0"]), ("./qemu/run", ["ls"]),
        ("./qemu/run", ["--bench", "--bench-kernel", "7.9"]), ("./qemu/compare", ["--kernels", "7.9"]),
        ("./qemu/compare", ["--bogus"]), ("./qemu/selftests", ["--kernel", "7.9"]),
        ("./qemu/source", ["5.x"]), ("./qemu/footprint", ["--patched", "stock"]),
        ("./qemu/fresh-check", ["--release", "11"]), ("./test", ["--bogus"]),
        ("./kernel-patch/check", ["--base", "5.x"]), ("./kernel-patch/mutate", ["--only", "nothing"]),
    ])
    func badUsageStartsNothingAndNamesWhatWasTyped(_ script: String, _ arguments: [String]) async throws {
        let ended = try await run(script, arguments, harness: true)
        #expect(ended.status == HarnessStatus.usage.rawValue)
        #expect(ended.error.contains("See '\(script) --help' for more information."))
        #expect(!ended.error.contains("harness"))
        #expect(ended.started == [])
    }

    /// The counterpart of those that start nothing: what is noted there is noted.
    @Test(.timeLimit(.minutes(1))) func somethingToDoInstallsPackagesFirst() async throws {
        let ended = try await run("./qemu/run", ["--kernel", "stock", "--", "true"], harness: true)
        #expect(ended.status == HarnessStatus.setUp.rawValue)
        #expect(ended.started.contains("dpkg-query"))
        #expect(ended.started.contains(geteuid() == 0 ? "apt-get" : "sudo"))
        #expect(ended.error.contains(geteuid() == 0 ? "failed" : "as root run: apt-get update"))
    }

    @Test func missingSwiftIsNamed() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["sh", "dirname", "readlink", "env"] {
                let path = try Tool.find(name).string
                try FileManager.default.createSymbolicLink(
                    atPath: directory.appending(name).string, withDestinationPath: path)
            }
            var lines: [String] = []
            let script = root.appending("qemu/prepare").string
            let status = try await Tool("env", ["PATH=\(directory)", script, "--harness"])
                .status { lines.append($0) }
            #expect(status == .exited(HarnessStatus.setUp.rawValue))
            #expect(lines.last?.contains("swift is missing: install Swift 6.2") ?? false)
        }
    }

    /// As `swift` does, in a directory that only this run uses.
    @Test func nothingOfSwiftStaysAmongTheTemporaryFiles() async throws {
        try await withTemporaryDirectory { directory in
            let output = try await Tool(
                root.appending("qemu/swift").string, ["--version"], environment: ["TMPDIR": directory.string]
            ).output()
            #expect(output.contains("Swift version"))
            #expect(Files.list(directory) == [])
        }
    }

    @Test func statusOfSwiftIsPassedOn() async throws {
        let status = try await Tool(root.appending("qemu/swift").string, ["no-such-subcommand"]).status { _ in
        }
        #expect(!status.isSuccess)
    }
}
