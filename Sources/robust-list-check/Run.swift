// SPDX-License-Identifier: MIT

import ArgumentParser
import Glibc
import RobustFutex
import RobustFutexChecks

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the checks and print the results as KTAP.",
        discussion: """
            Each check runs in a process of its own, with a time limit. Exits 0 if at least one check ran and all \
            that ran passed; 1 if one did not pass; 4 if all were skipped; 69 if the filter chose none.
            """)

    @Flag(help: "Print the chosen checks and their claims, and run none.")
    var list = false

    @Option(
        name: .customLong("filter"),
        help: "Choose the checks whose Group/name matches this regular expression; may be repeated.")
    var patterns: [String] = []

    @Option(help: "Limit for a check, in seconds; then it is ended and reported as timed out.")
    var limit = 120

    @Flag(help: .hidden)
    var specimens = false

    @OptionGroup var report: ReportOptions

    func run() throws {
        let checks = try chosen()
        if list {
            for check in checks { print("\(check.path)\n    \(check.claim)") }
            return
        }
        let file = try report.open()
        let kernel = KernelReport(try KernelCapabilities.ofThisKernel())

        say(KTAPLines.header(count: checks.count))
        let isolated = IsolatedRun(limit: .seconds(limit))
        var entries: [RunReport.Entry] = []
        var outcomes: [CheckResult] = []
        for (index, check) in checks.enumerated() {
            var outcome = CheckResult.broken("did not run")
            let duration = ContinuousClock().measure { outcome = isolated.outcome(of: check) }
            say(KTAPLines.result(index + 1, check.path, outcome))
            outcomes.append(outcome)
            entries.append(RunReport.Entry(check, outcome, duration))
        }
        let totals = Totals(outcomes)
        say(KTAPLines.totals(totals))
        try report.write(RunReport(kernel: kernel, totals: totals, checks: entries), to: file)

        guard totals.skipped < checks.count else {
            complain("nothing ran: all \(checks.count) checks were skipped, for the reasons given")
            throw Status.allSkipped
        }
        guard totals.isSuccess else { throw Status.failure }
    }

    func validate() throws {
        guard (1...86_400).contains(limit) else {
            throw ValidationError("--limit \(limit): must be from 1 to 86400 seconds")
        }
    }

    private func chosen() throws -> [Check] {
        let filter: CheckFilter
        do {
            filter = try CheckFilter(patterns)
        } catch {
            throw ValidationError("--filter: not a regular expression: \(error)")
        }
        let checks = filter.choose(from: specimens ? Check.specimens : Check.all)
        guard checks.isEmpty else { return checks }
        complain("no check matches --filter \(patterns.joined(separator: " ")); see run --list")
        throw Status.nothingChosen
    }

    /// Prints a line at once, so that a reader of the log of a dead machine sees how far the run came.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
