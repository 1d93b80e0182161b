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
            turn. Prints the calls per second of wall time, and how often a call had the kernel search all \
            processes, which a hardware breakpoint counts. To be run as root, with /proc/kallsyms, and at least \
            as many processors as callers. Exits 1 if it could not be measured; what comes out is for the reader to judge.
            """)

    @Option(help: "Processes that call.")
    var callers = CallersBench().callers

    @Option(help: "Processes that have nothing to do with it.")
    var unrelated = CallersBench().unrelated

    @Option(help: "Pairs of rounds.")
    var pairs = CallersBench().pairs

    @Option(help: "Seconds after which all is given up.")
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
    }
}
