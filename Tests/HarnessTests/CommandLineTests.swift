// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// Mistakes of a user: one clear line, and the status for it. None of these builds or boots.
@Suite struct CommandLineTests {
    private let root: FilePath

    init() throws {
        root = try Repository.containing(FilePath(#filePath)).root
    }

    /// Runs the built harness; its last line and its status.
    private func harness(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (line: String, status: Int32) {
        try await run(root.appending(".build/debug/harness"), arguments, environment)
    }

    private func run(
        _ program: FilePath, _ arguments: [String], _ environment: [String: String]
    ) async throws -> (line: String, status: Int32) {
        var tool = Tool("env", environment.map { "\($0)=\($1)" } + [program.string] + arguments)
        tool.directory = root
        var lines: [String] = []
        let status = try await tool.status { lines.append($0) }
        guard case .exited(let code) = status else { return ("\(status)", -1) }
        return (lines.joined(separator: "\n"), code)
    }

    @Test func unknownKernelListsTheKnown() async throws {
        let (line, status) = try await harness(["run", "--kernel", "7.9", "--", "true"])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line.hasPrefix("harness: unknown kernel '7.9'; known: patched, stock, "))
    }

    @Test func unknownBaseListsTheKnown() async throws {
        let (line, status) = try await harness(["source", "5.x"])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line == "harness: unknown base '5.x'; known: mainline, 6.12, 6.1")
    }

    @Test(arguments: [
        ["--smp", "0"], ["--memory", "1"], ["--timeout", "0"], ["--accel", "hvf"], ["--bogus"], ["ls"],
    ])
    func badOptionIsRefused(_ arguments: [String]) async throws {
        let (_, status) = try await harness(["run"] + arguments)
        #expect(status == HarnessStatus.usage.rawValue)
    }

    @Test func filterThatIsNoExpressionIsRefused() async throws {
        let (line, status) = try await harness(["run", "--filter", "("])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line.contains("--filter '('"))
    }

    @Test(arguments: ["/nonexistent", "/usr"])
    func unusableTreeOfTheUsersIsNamed(_ directory: String) async throws {
        let (line, status) = try await harness(["source"], environment: ["LINUX_SRC": directory])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line.contains("LINUX_SRC=\(directory): "))
    }

    @Test(
        arguments: [["run"], ["run", "--bench"], ["compare"], ["selftests"]],
        [("/nonexistent", "No such file or directory"), ("/usr", "is not a kernel tree: no Makefile")])
    func directoryThatIsNoKernelTreeIsNamed(
        _ command: [String], _ directory: (path: String, problem: String)
    ) async throws {
        let (line, status) = try await harness(command + ["--tree", directory.path])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line.contains("--tree \(directory.path): "))
        #expect(line.contains(directory.problem))
    }

    @Test(arguments: [["run"], ["test"], ["compare"]], ["/usr", "/proc/x/report.xml"])
    func reportThatCannotBeWrittenIsNamedAtOnce(_ command: [String], _ file: String) async throws {
        let (line, status) = try await harness(command + ["--junit", file])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line.contains("--junit \(file): "))
    }

    @Test func shellWithoutTerminalIsRefused() async throws {
        let (line, status) = try await harness(["run", "--shell"])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(
            line
                == "harness: --shell: standard input is no terminal; use a terminal, or give a command after --"
        )
    }

    @Test(arguments: [["--filter", "x"], ["--bench"], ["--", "true"]])
    func shellAndAnotherCommandAreRefused(_ other: [String]) async throws {
        let (line, status) = try await harness(["run", "--shell"] + other)
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line.contains("--shell is a command of its own"))
    }

    @Test func reportWithoutSuiteIsRefused() async throws {
        let (line, status) = try await harness(["run", "--junit", "x.xml", "--", "true"])
        #expect(status == HarnessStatus.usage.rawValue)
        #expect(line.contains("--junit reports on the suite"))
    }

    @Test func missingToolIsNamed() async throws {
        let (line, status) = try await harness(["build", "stock"], environment: ["PATH": "/nonexistent"])
        #expect(status == HarnessStatus.setUp.rawValue)
        // Which one comes first depends on what is there already: source, tree, kernel.
        #expect(line.contains(/the program '[\w-]+' is missing: it is not in PATH \(\/nonexistent\)/))
        #expect(line.contains("./qemu/prepare"))
    }

    @Test func dryRunPrintsTheCommandAndStartsNothing() async throws {
        let (line, status) = try await harness([
            "run", "--dry-run", "--accel", "tcg", "--smp", "3", "--memory", "777", "--kernel", "stock", "--",
            "true",
        ])
        #expect(status == 0)
        #expect(line.hasPrefix("qemu-system-x86_64 "))
        for part in ["-smp 3", "-m 777M", "panic=-1", "oops=panic", "-no-reboot", "mount_tag=hostroot"] {
            #expect(line.contains(part))
        }
    }

    @Test func helpNamesTheStatuses() async throws {
        let (text, status) = try await harness(["run", "--help"])
        #expect(status == 0)
        for status in HarnessStatus.allCases {
            #expect(text.contains("\(status.rawValue)  \(status.explanation)"))
        }
    }
}
