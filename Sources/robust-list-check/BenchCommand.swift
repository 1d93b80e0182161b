// SPDX-License-Identifier: MIT

import ArgumentParser
import BenchReport
import FoundationEssentials
import RobustListBench

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what the call costs, compared with other operations.",
        discussion: """
            Costs are guest instructions where the clock counts them (QEMU with -icount shift=0; detected with \
            loops of known length), and nanoseconds elsewhere; the output says which. Samples are taken until their \
            first decile no longer changes; that, less the cost of reading the clock, is the result. Makes up to \
            4,000 processes and 1,024 threads. Exits 1 if a cost could not be measured or did not become stable.
            """)

    @Flag(help: "Print the chosen cases and measure none.")
    var list = false

    @Option(
        name: .customLong("filter"),
        help: "Choose the cases whose name matches this regular expression; may be repeated.")
    var patterns: [String] = []

    @Option(help: "Limit for a case, in seconds.")
    var limit = 600

    @Flag(name: .customLong("print-json"), help: "Print the report as JSON instead of tables.")
    var printJSON = false

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard (1...86_400).contains(limit) else {
            throw ValidationError("--limit \(limit): must be from 1 to 86400 seconds")
        }
    }

    func run() throws {
        let cases = try chosen()
        if list {
            for item in cases { print("\(item.name)\n    \(item.title)") }
            return
        }
        let file = try report.open()
        let bench = try Bench(limit: .seconds(limit))
        var measurements: [Measurement] = []
        var failures: [String] = []
        for (index, item) in cases.enumerated() {
            complain("case \(index + 1) of \(cases.count): \(item.name)")
            do {
                measurements.append(try bench.measure(item))
            } catch {
                failures.append("\(error)")
                complain("\(error)")
            }
        }
        let result = try bench.report(of: measurements)
        if printJSON {
            print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
        } else {
            print(BenchTable(result).lines.joined(separator: "\n"))
        }
        try report.write(result, to: file)
        let unstable = measurements.filter { $0.cost?.isStable == false }
        for measurement in unstable { complain("\(measurement.name): did not become stable") }
        guard failures.isEmpty, unstable.isEmpty else { throw Status.failure }
    }

    private func chosen() throws -> [BenchCase] {
        let cases: [BenchCase]
        do {
            cases = try BenchCase.matching(patterns)
        } catch {
            throw ValidationError("--filter: not a regular expression: \(error)")
        }
        guard cases.isEmpty else { return cases }
        complain("no case matches --filter \(patterns.joined(separator: " ")); see bench --list")
        throw Status.nothingChosen
    }
}
