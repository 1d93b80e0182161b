// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import Subprocess
import SystemPackage
import Testing

@testable import GuestHarness

/// The program that holds unlocks in guests of other architectures, on this machine, whose kernel has no call.
@Suite struct RaceProgramTests {
    private let programs: GuestPrograms

    init() throws {
        programs = GuestPrograms(
            repository: try Repository.containing(FilePath(#filePath)), architecture: .x86,
            progress: Progress())
    }

    private func run(_ arguments: [String]) async throws -> (status: Int, error: String) {
        let result = try await Subprocess.run(
            .path(programs.race()), arguments: .init(arguments), output: .discarded,
            error: .string(limit: 1 << 16))
        guard case .exited(let status) = result.terminationStatus else {
            Issue.record("\(result.terminationStatus)")
            return (-1, "")
        }
        return (Int(status), result.standardError)
    }

    /// Its report is read and judged as one of robust-list-check. The window is that of a glibc that nobody
    /// changed: three instructions, and the wake where somebody waits.
    @Test(.timeLimit(.minutes(5)), arguments: Scenario.anyArchitecture.filter { $0.unlocker == .glibc64 })
    func carriesOutScenario(_ scenario: Scenario) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("race.json")
            let result = try await run(
                [scenario.identifier, file.string, try await programs.victimOfGlibc().string])
            #expect(result.status == 0, "\(result.error)")
            let report = try JSONDecoder().decode(RaceReport.self, from: Files.read(file))
            let finished = try FinishedCell(report, of: scenario, accelerator: .tcg, run: "")
            let kernel = ComparedKernel(
                name: "host", architecture: "x86_64", release: report.kernel.release,
                expected: .init(cleanupRobustList: report.kernel.cleanupRobustList, futexRobustUnlock: false),
                imageDigest: "", configDigest: nil)
            let expectation = CellExpectation(of: scenario, on: kernel)
            #expect(expectation.problems(with: finished.cell, quick: false) == [])
            if scenario.destroyer == .legacy {
                #expect(report.libraries.map(\.name) == ["glibc"])
                #expect(finished.cell.inWindow >= 2)
                #expect(finished.cell.records.contains { $0.outcome == .held })
            }
        }
    }

    @Test func saysWhichVictimCannotBeStarted() async throws {
        let result = try await run([
            "single-step/musl/plain/shared/sigkill/legacy", "/dev/null", "/no/such/victim",
        ])
        #expect(result.status == 2)
        #expect(result.error.contains("/no/such/victim: No such file or directory"))
    }

    @Test(arguments: [
        [], ["single-step/musl/plain/shared/sigkill/legacy"],
        ["single-step/musl/pi/shared/sigkill/legacy", "/dev/null"],
        ["seccomp/musl/contended/shared/sigkill/legacy", "/dev/null"],
        ["single-step/musl/plain/shared/sigkill/legacy/", "/dev/null"],
        ["single-step/musl/plain/file/sigkill/legacy", "/dev/null"],
    ])
    func refusesWhatItDoesNotDo(_ arguments: [String]) async throws {
        let result = try await run(arguments)
        #expect(result.status == 64)
        #expect(result.error.contains("Usage: race TECHNIQUE/UNLOCKER"))
    }

    @Test func reportThatCannotBeWrittenIsNamed() async throws {
        let result = try await run([
            "single-step/glibc64/plain/shared/sigkill/cleanup", "/no/such/directory/x",
        ])
        #expect(result.status == 2)
        #expect(result.error.contains("/no/such/directory/x: No such file or directory"))
    }
}
