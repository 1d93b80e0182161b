// SPDX-License-Identifier: MIT

import Foundation
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

    private func run(_ arguments: [String]) async throws -> (status: Int, output: String, error: String) {
        let result = try await Subprocess.run(
            .path(programs.race()), arguments: .init(arguments), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 16))
        guard case .exited(let status) = result.terminationStatus else {
            Issue.record("\(result.terminationStatus)")
            return (-1, "", "")
        }
        return (Int(status), result.standardOutput, result.standardError)
    }

    /// The window of a glibc that nobody changed: a few instructions, and the wake where somebody waits.
    @Test(.timeLimit(.minutes(5))) func findsTheWindowOfThisMachinesGlibc() async throws {
        let result = try await run([programs.victimOfGlibc().string])
        #expect(result.status == 0, "\(result.error)")
        let output = try RaceOutput(result.output)
        let ran = output.scenarios.filter { $0.isLegacy }
        #expect(ran.count == 3)
        for scenario in ran {
            let counts = try #require(scenario.counts, "\(scenario.name)")
            #expect(counts.inWindow > 0, "\(scenario.name)")
            #expect(counts.corrupted == counts.inWindow, "\(scenario.name)")
            #expect(counts.held > 0 && counts.intact > 0, "\(scenario.name)")
            #expect(counts.held + counts.corrupted + counts.intact == counts.boundaries, "\(scenario.name)")
        }
        if output.call == "Function not implemented" {
            #expect(output.scenarios.filter { !$0.isLegacy }.allSatisfy { $0.reason == "no such call" })
        }
    }

    @Test func saysWhichVictimCannotBeStarted() async throws {
        let result = try await run(["/no/such/victim"])
        #expect(result.status == 2)
        #expect(result.error.contains("/no/such/victim: No such file or directory"))
    }

    @Test func withoutVictimsItSaysHowItIsUsed() async throws {
        let result = try await run([])
        #expect(result.status == 64)
        #expect(result.error.contains("Usage: race VICTIM"))
    }
}
