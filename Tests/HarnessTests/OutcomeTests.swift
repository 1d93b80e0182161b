// SPDX-License-Identifier: MIT

import GuestProtocol
import Testing

@testable import GuestHarness

@Suite struct OutcomeTests {
    private func outcome(_ ending: GuestChannels.Ending, fault: String? = nil) -> Outcome {
        Outcome(
            ending, command: "cmd", faults: fault.map { [.init(line: 3, text: $0)] } ?? [],
            qemuFailure: nil, log: "/run/console.log", bootLimit: "9 s", commandLimit: "5 s")
    }

    @Test func commandsOwnStatusIsKept() {
        #expect(outcome(.ended(.exited(0))).status == 0)
        #expect(outcome(.ended(.exited(0))).message == nil)
        #expect(outcome(.ended(.exited(7))).status == 7)
        #expect(outcome(.ended(.signalled(9))).status == 137)
        #expect(outcome(.ended(.notExecuted(2))).status == 127)
        #expect(outcome(.ended(.notExecuted(13))).status == 126)
    }

    @Test(
        arguments: [
            (nil, "the guest did not print its blocked tasks"),
            (.init(line: 7), "no task was blocked (line 7)"),
            (.init(line: 7, names: ["a"]), "the stacks of blocked tasks (a) are in line 7 and below"),
            (
                .init(line: 7, names: ["a", "b", "c", "d"]),
                "the stacks of blocked tasks (a, b, c, …) are in line 7 and below"
            ),
        ] as [(ConsoleLog.BlockedTasks?, String)])
    func timeOutSaysWhereTheBlockedTasksAre(_ tasks: ConsoleLog.BlockedTasks?, _ words: String) {
        let outcome = Outcome(
            .commandTimedOut, command: "cmd", faults: [], qemuFailure: nil, log: "LOG", bootLimit: "9 s",
            commandLimit: "5 s", blockedTasks: tasks)
        #expect(outcome.message == "'cmd' did not end within 5 s; \(words); see LOG")
    }

    @Test(arguments: [
        (GuestChannels.Ending.neverReady(timedOut: true), nil, HarnessStatus.neverCameUp),
        (.neverReady(timedOut: false), "Kernel panic", .neverCameUp), (.initFailed("x"), nil, .neverCameUp),
        (.commandTimedOut, nil, .timedOut), (.commandTimedOut, "BUG: ", .timedOut),
        (.vanished, nil, .noReport), (.vanished, "Kernel panic", .kernelFault),
        (.ended(.exited(0)), "WARNING: ", .kernelFault), (.ended(.exited(1)), "WARNING: ", .kernelFault),
    ])
    func failureHasItsStatusAndNamesTheLog(
        _ ending: GuestChannels.Ending, _ fault: String?, _ status: HarnessStatus
    ) throws {
        let outcome = outcome(ending, fault: fault)
        #expect(outcome.status == status.rawValue)
        let message = try #require(outcome.message)
        #expect(message.contains("/run/console.log"))
        if let fault { #expect(message.contains(fault)) }
    }
}
