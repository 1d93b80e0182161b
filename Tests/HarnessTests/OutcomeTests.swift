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
