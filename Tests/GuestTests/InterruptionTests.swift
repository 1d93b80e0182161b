// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import GuestHarness

/// No QEMU outlives the harness, and no file for its use stays, however the harness ends.
extension WithGuests {
    @Suite struct InterruptionTests {
        @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
        func nothingIsLeftOfAnInterruptedRun(_ signal: Int32) async throws {
            let temporary = repository.build.appending("test-\(UUID().uuidString)")
            try Files.makeDirectory(temporary)
            defer { try? Files.remove(temporary) }
            let guests = try await interrupted(
                by: signal, temporary: temporary, ["sh", "-c", "echo up; sleep 1000"]
            ) { line in
                line == "up"
            }
            #expect(guests.count == 1)
            #expect(Files.list(temporary) == [])
            try await wait(for: "QEMU \(guests) to end") { guests.allSatisfy { !isRunning($0) } }
        }

        /// Starts a run, sends it `signal` once a line of its output fits, and checks how it ended.
        private func interrupted(
            by signal: Int32, temporary: FilePath, _ command: [String],
            when fits: @escaping @Sendable (String) -> Bool
        ) async throws -> [pid_t] {
            let arguments = runOnStock + ["--"] + command
            let result = try await Subprocess.run(
                .path(repository.root.appending(".build/debug/harness")), arguments: Arguments(arguments),
                environment: .inherit.updating(["TMPDIR": temporary.string]),
                workingDirectory: repository.root, input: .none, output: .sequence, error: .discarded
            ) { execution in
                var guests: [pid_t] = []
                for try await line in execution.standardOutput.strings()
                where fits(line.trimmingCharacters(in: .newlines)) {
                    let harness = pid_t(execution.processIdentifier.value)
                    guests = try qemuChildren(of: harness)
                    kill(harness, signal)
                }
                return guests
            }
            switch result.terminationStatus {
            case .exited(let status): #expect(status == 128 + signal)
            case .signaled(let number): #expect(number == signal && signal == SIGKILL)
            }
            return result.closureResult
        }
    }
}
