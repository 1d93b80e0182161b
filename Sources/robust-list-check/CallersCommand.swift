// SPDX-License-Identifier: MIT

import ArgumentParser
import BenchReport
import FoundationEssentials
import RobustListBench

struct CallersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callers",
        abstract: "Measure whether processes that call at once slow one another down.",
        discussion: """
            Several processes call for the same memory at once, in rounds, with many unrelated processes and with none in \
            turn. Prints the calls per second of wall time, and how often a call made the kernel search all \
            processes, counted by a hardware breakpoint. Needs root, /proc/kallsyms, and at least as many processors \
            as callers. Exits 1 only if measuring failed, since judging the numbers is up to you, and 4 on a kernel \
            without the call.
            """)

    @Option(help: "Number of processes that call.")
    var callers = CallersBench().callers

    @Option(help: "Number of unrelated processes, which do not map the memory.")
    var unrelated = CallersBench().unrelated

    @Option(help: "Number of pairs of rounds.")
    var pairs = CallersBench().pairs

    @Option(help: "Limit for the whole measurement, in seconds.")
    var limit = 1_800

    @Flag(name: .customLong("print-json"), help: "Print the report as JSON instead of a table.")
    var printJSON = false

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard (1...CallersBench.mostCallers).contains(callers) else {
            throw ValidationError(
                "--callers \(callers): give a number from 1 to \(CallersBench.mostCallers)")
        }
        guard (0...30_000).contains(unrelated) else {
            throw ValidationError("--unrelated \(unrelated): give a number from 0 to 30000")
        }
        guard (1...1_000).contains(pairs) else {
            throw ValidationError("--pairs \(pairs): give a number from 1 to 1000")
        }
        guard (1...86_400).contains(limit) else {
            throw ValidationError("--limit \(limit): give a number of seconds from 1 to 86400")
        }
    }

    func run() throws {
        let file = try report.open()
        var bench = CallersBench()
        bench.callers = callers
        bench.unrelated = unrelated
        bench.pairs = pairs
        bench.limit = .seconds(limit)
        let result: CallersReport
        do {
            result = try bench.report()
        } catch {
            complain("\(error)")
            throw Status.failure
        }
        if printJSON {
            print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
        } else {
            print(CallersTable(result).lines.joined(separator: "\n"))
        }
        try report.write(result, to: file)
        if let reason = result.skipped {
            complain("nothing was measured: \(reason)")
            throw Status.allSkipped
        }
    }
}
