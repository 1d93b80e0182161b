// SPDX-License-Identifier: MIT

import CRaceVictim
import Glibc
import RaceReport
import SystemPackage
import TestProcesses
import Testing

@testable import RaceWindow

/// Processes that are held: what happens when something goes wrong around them.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct VictimTests {
    private func victim() throws -> Victim {
        try Victim(.inThisProcess(.own), role: "the unlocker", memory: LockMemory(.shared))
    }

    @Test func endsWithItsValue() throws {
        let pid = try victim().pid
        #expect(kill(pid, 0) == -1 && errno == ESRCH, "process \(pid) outlived its value")
    }

    @Test func saysWhatWasWaitedFor() throws {
        let victim = try victim()
        #expect(throws: CheckError.timedOut("the moon to rise")) {
            _ = try victim.waitForChange("the moon to rise", within: .milliseconds(30))
        }
    }

    @Test func namesTheVictimThatIsGone() throws {
        let victim = try victim()
        try victim.handle.send(SIGKILL)
        _ = try victim.waitForEnd("its end")
        let error = #expect(throws: CheckError.self) { try victim.orders.order(CRV_HEAD) }
        #expect(
            error?.description.contains("the unlocker (self) is gone") == true
                || error?.description.contains("the unlocker (self) cannot be given an order") == true)
    }

    @Test func namesTheProgramThatIsMissing() throws {
        let programs = VictimPrograms(in: "/nowhere")
        let error = #expect(throws: CannotRun.self) { try programs.program(of: .glibc32) }
        #expect(error?.reason.contains("/nowhere/glibc32") == true)
        #expect(error?.reason.contains("robust-list-check victims") == true)
    }

    @Test func namesTheProgramThatCannotBeExecuted() throws {
        let program = VictimProgram.built(.musl, at: "/etc/passwd")
        let error = #expect(throws: CannotRun.self) {
            _ = try Victim(program, role: "the unlocker", memory: LockMemory(.shared))
        }
        #expect(error?.reason.contains("/etc/passwd cannot be started") == true)
    }

    @Test func compilerErrorsAreTold() throws {
        let recipe = VictimRecipe(
            unlocker: .musl, compiler: "gcc", options: ["-fno-such-option-at-all"], packages: "some-package")
        var template = Array("/tmp/robust-race-tests-XXXXXX".utf8CString)
        #expect(mkdtemp(&template) != nil)
        let directory = FilePath(
            String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        let error = #expect(throws: CannotRun.self) { try recipe.build(in: directory) }
        #expect(error?.reason.contains("-fno-such-option-at-all") == true)
        #expect(error?.reason.contains("some-package") == true)
        #expect(rmdir(directory.string) == 0, "what was needed for building is gone")
    }

    @Test func whatIsLeftOutIsNotRun() {
        let scenario = Scenario(.singleStep, .musl, .plain, .shared, .sigkill, .legacy)
        let cell = RaceRun(programs: VictimPrograms(in: "/nowhere"), quick: true).run(scenario)
        #expect(cell.verdict == .cannotRun)
        #expect(cell.tried == 0)
    }
}
