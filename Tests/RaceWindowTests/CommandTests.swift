// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import Subprocess
import SystemPackage
import TestProcesses
import Testing

@testable import RaceWindow

/// `robust-list-check race` as its users meet it.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct CommandTests {
    private struct Ended {
        let status: Int32
        let output: String
        let errors: String
    }

    private static let program: FilePath = {
        let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return FilePath(bundle ?? "/nowhere").removingLastComponent().appending("robust-list-check")
    }()

    private func robustListCheck(_ arguments: [String]) async throws -> Ended {
        let result = try await run(
            .path(Self.program), arguments: Arguments(arguments), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        guard case .exited(let status) = result.terminationStatus else {
            throw CheckError.broken("robust-list-check ended by \(result.terminationStatus)")
        }
        return Ended(status: status, output: result.standardOutput, errors: result.standardError)
    }

    @Test(.runs(Scenario(.singleStep, .own, .plain, .shared, .sigkill, .legacy)))
    func showsTheWindowOfThisMachineWithoutOptions() async throws {
        let path = FilePath("/tmp/robust-race-\(getpid()).json")
        defer { unlink(path.string) }
        let ended = try await robustListCheck(["race", "--json", path.string])
        #expect(ended.status == 0, "\(ended.errors)")
        let report = try JSONDecoder().decode(
            RaceReport.self, from: Data(contentsOf: URL(filePath: path.string)))
        let cell = try #require(report.cells.first)
        #expect(cell.verdict == .corrupted)
        #expect(cell.tried == cell.boundaries, "every boundary is tried")
        #expect(cell.corrupted == cell.inWindow)
        let library = try #require(report.libraries.first)
        #expect(ended.output.contains("\(library.name) \(library.version ?? ""), \(library.bits)-bit"))
        #expect(
            ended.output.contains(
                "corrupted at \(cell.corrupted) of \(cell.boundaries) instruction boundaries"))
        let framed = ended.output.split(separator: "\n").filter {
            $0.hasPrefix("│") && $0.contains("✗ corrupted")
        }
        #expect(framed.count == cell.corrupted)
    }

    @Test(
        arguments: [
            (["race", "--scenario", "("], 64, "--scenario: not a regular expression"),
            (["race", "--unlocker", "bionic"], 64, "bionic"),
            (["race", "--scenario", "^nothing$"], 69, "these options choose no scenario"),
            (["race", "--json", "/nowhere/r.json"], 73, "--json /nowhere/r.json: cannot be written"),
            (["victims", "/nowhere/victims"], 73, "/nowhere/victims: cannot be created"),
            (["victims", "/tmp", "--unlocker", "self"], 64, "--unlocker self"),
        ] as [([String], Int32, String)])
    func refusesBadInputByName(arguments: [String], status: Int32, message: String) async throws {
        let ended = try await robustListCheck(arguments)
        #expect(ended.status == status)
        #expect(ended.errors.contains(message))
        #expect(ended.output == "")
    }

    @Test func isNoSuccessWhenNothingCanRun() async throws {
        let ended = try await robustListCheck([
            "race", "--victims", "/nowhere", "--scenario", "^single-step/musl/plain/shared/sigkill/legacy$",
        ])
        #expect(ended.status == 4)
        #expect(ended.output.contains("cannot run: no victim program /nowhere/musl"))
        #expect(ended.output.contains("0 corrupted, 0 intact, 1 cannot run, 0 broken"))
    }

    @Test func listsWhatWouldRun() async throws {
        let ended = try await robustListCheck(["race", "--list", "--destroyer", "legacy"])
        #expect(ended.status == 0)
        #expect(
            ended.output.split(separator: "\n").map(String.init)
                == Scenario.all.filter { $0.destroyer == .legacy }.map(\.identifier))
    }

    /// Victims sit in system calls, or stopped, for ever if nobody ends them.
    @Test(.runs(Scenario(.singleStep, .own, .plain, .shared, .sigkill, .legacy)))
    func leavesNoVictimWhenItIsKilled() async throws {
        let result = try await run(
            .path(Self.program), arguments: ["race", "--unlocker", "self"], input: .none, output: .discarded,
            error: .discarded
        ) { execution in
            let runner = execution.processIdentifier.value
            var victims: [Int32] = []
            try Deadline.poll(for: "robust-list-check \(runner) to have two victims") {
                victims = children(of: runner)
                return victims.count >= 2 || !ProcessState.isAlive(runner)
            }
            try execution.send(signal: .kill)
            return victims
        }
        let victims = result.closureResult
        #expect(victims.count >= 2)
        try Deadline.poll(for: "the end of \(victims)") { !victims.contains(where: ProcessState.isAlive) }
    }

    /// By the parent's number, the second field after the name in proc_pid_stat(5).
    private func children(of parent: Int32) -> [Int32] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { Int32($0) }.filter { pid in
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = stat.lastIndex(of: ")")
            else { return false }
            let fields = stat[end...].split(separator: " ")
            return fields.count > 2 && Int32(fields[2]) == parent
        }
    }
}
