// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `./test`.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Runs every check of this project; the last line counts them.",
        usage: "./test",
        discussion: """
            In this order: lint; the models of the call's protocols; unit tests on this machine; every kernel builds; the syscall suite in a guest \
            with each kernel, where a kernel without the syscall must skip what needs it; tests of the harness \
            with real guests. The exit status is 0 only when nothing failed.
            """)

    func run() async throws {
        let workshop = try Workshop()
        try await workshop.installPackages()
        var checks = CheckRun(workshop)
        let tally = try await checks.run()
        workshop.progress.note("in all \(Progress.format(seconds: workshop.progress.times.total))")
        for problem in tally.problems { print("FAILED \(problem)") }
        print(tally.summary)
        guard tally.isGood else { throw ExitCode(1) }
    }
}
