// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `./test`.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Runs the project's standard tests and counts the results in the last line.",
        usage: "./test [--junit FILE]",
        discussion: """
            In this order: lint; the models of the call's protocols; unit tests, and the suite without the system call, \
            on this machine; building the kernels; the suite on the patched and on the stock kernel, where tests that \
            need the system call must be skipped; random worlds on the patched one; tests of the harness with real \
            guests. The exit status is 0 only if nothing failed.
            """)

    @OptionGroup var junit: JUnitArgument

    func run() async throws {
        let builders = try Builders()
        let report = try junit.prepared()
        try await builders.installPackages()
        var tests = TestRun(builders)
        let tally = try await tests.run()
        if let report { try JUnitReport(name: "test", suites: tally.suites).write(to: report) }
        builders.progress.note("in all \(Progress.format(seconds: builders.progress.times.total))")
        for problem in tally.problems { print("FAILED \(problem)") }
        print(tally.summary)
        guard tally.isGood else { throw ExitCode(1) }
    }
}
