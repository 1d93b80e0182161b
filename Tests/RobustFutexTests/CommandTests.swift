// SPDX-License-Identifier: MIT

import Foundation
import RobustFutexChecks
import Testing

/// robust-list-check as its users meet it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct CommandTests {
    @Test func reportsEachSpecimenAsWhatItIs() async throws {
        let ended = try await robustListCheck(["run", "--specimens", "--limit", "2"])
        let expected = """
            KTAP version 1
            1..6
            ok 1 Specimens/passes
            # Specimens/fails: expected 1,
            # observed #2
            not ok 2 Specimens/fails
            not ok 3 Specimens/breaks # ERROR unexpected error: UnexpectedError()
            not ok 4 Specimens/crashes # ERROR crashed: signal 6, no result
            not ok 5 Specimens/leavesSilently # ERROR crashed: exit status 0, no result
            not ok 6 Specimens/hangs # TIMEOUT the check to end within 2.0 seconds
            # Totals: pass:1 fail:1 error:3 timeout:1 skip:0

            """
        #expect(ended.output == expected)
        #expect(ended.status == 1)
    }

    @Test func succeedsWhenWhatRanPassed() async throws {
        let ended = try await robustListCheck(["run", "--filter", "^Race/corrupts"])
        #expect(ended.status == 0)
        #expect(ended.output.hasSuffix("# Totals: pass:3 fail:0 error:0 timeout:0 skip:0\n"))
    }

    @Test(
        arguments: [
            (["run", "--filter", "^Nothing/"], 69, "no check matches --filter ^Nothing/"),
            (["run", "--filter", "("], 64, "--filter: not a regular expression"),
            (["run", "--limit", "0"], 64, "--limit 0"),
            (
                ["run", "--json", "/nowhere/report.json"], 73,
                "--json /nowhere/report.json: cannot be written"
            ),
            (
                ["probe", "--json", "/nowhere/report.json"], 73,
                "--json /nowhere/report.json: cannot be written"
            ),
            (["destroy"], 64, "destroy"),
            (["callers", "--callers", "65"], 64, "--callers 65: give a number from 1 to 64"),
            (["callers", "--pairs", "0"], 64, "--pairs 0"),
        ] as [([String], Int32, String)])
    func refusesBadInputByName(arguments: [String], status: Int32, message: String) async throws {
        let ended = try await robustListCheck(arguments)
        #expect(ended.status == status)
        #expect(ended.errors.contains(message))
        #expect(ended.output == "")
    }

    @Test func listsEveryCheckWithItsClaim() async throws {
        let ended = try await robustListCheck(["run", "--list"])
        #expect(ended.status == 0)
        for check in Check.all { #expect(ended.output.contains("\(check.path)\n    \(check.claim)\n")) }
    }

    @Test func writesReportsWholeAndLeavesNothingBeside() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "report.json").path

        let ran = try await robustListCheck(["run", "--filter", "^Race/corruptsReusedWord", "--json", path])
        #expect(ran.status == 0)
        let report = try JSONDecoder().decode(RunReport.self, from: Data(contentsOf: URL(filePath: path)))
        #expect(report.checks.map(\.outcome) == ["passed", "passed"])
        #expect(report.totals.passed == 2)

        let probed = try await robustListCheck(["probe", "--json", path])
        #expect(probed.status == 0)
        let kernel = try JSONDecoder().decode(KernelReport.self, from: Data(contentsOf: URL(filePath: path)))
        #expect(kernel.syscallNumber == 473)
        #expect(kernel.release == report.kernel.release)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["report.json"])
    }

    @Test func hidesThePeerCommandFromHelp() async throws {
        let ended = try await robustListCheck(["--help"])
        #expect(ended.status == 0)
        #expect(ended.output.contains("probe"))
        #expect(!ended.output.contains("peer"))
    }
}
