// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `kernel-patch/mutants`.
struct MutantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants",
        abstract: "Makes every small change to cleanup.c by machine and reports which check notices.",
        usage: """
            kernel-patch/mutants                    all of them
            kernel-patch/mutants --function NAME    those in functions whose name matches
            kernel-patch/mutants --list             the mutants; builds nothing
            kernel-patch/mutants --shard K/N        the K-th of N parts; another machine runs another
            kernel-patch/mutants merge FILE ...     the reports of all parts put together
            """,
        discussion: """
            Each condition is negated and forced to true and to false, each boundary moved by one, each operator, number \
            and constant changed, each statement left out, each lock taken by a guard() released. All mutants are in \
            one kernel, in which a number selects one. First, each check runs once to record which it reaches; then \
            those checks run on each mutant, the fastest first, until one fails twice or the kernel goes down. The exit status is 0 only if every mutant was killed or is in \
            kernel-patch/mutants-equivalent.json with the reason why no test can kill it; those are tried only with \
            --equivalents. Results are kept until the kernel or the checks change, so an interrupted run continues \
            where it left off. The report of a shard is build/mutants/report-K-of-N.json.
            """, subcommands: [MergeMutantsCommand.self])

    @Option(help: ArgumentHelp("Regular expression for names of functions.", valueName: "name"))
    var function: String?

    @Option(help: ArgumentHelp("The patched kernel to mutate.", valueName: "name"))
    var kernel = "patched"

    @Option(help: ArgumentHelp("File for the report. (default: build/mutants/report.json)"))
    var json: String?

    @OptionGroup var guests: GuestsArgument

    @Flag(help: "Try those of kernel-patch/mutants-equivalent.json, too: none of them may be killed.")
    var equivalents = false

    @OptionGroup var part: ShardArgument

    @Flag(help: "Show the mutants.")
    var list = false

    func run() async throws {
        let builders = try Builders()
        let run = try MutantRun(builders, of: kernel)
        let chosen: (Mutant) -> Bool
        if let function {
            guard let pattern = try? Regex(function) else {
                throw ValidationError("--function \(function): not a regular expression")
            }
            chosen = { $0.function.contains(pattern) }
        } else {
            chosen = { _ in true }
        }
        if list {
            for mutant in try await run.mutants().filter(chosen) {
                print("\(mutant.number)  \(mutant.description)")
            }
            return
        }
        try await builders.installPackages()
        var report = try await run.run(
            chosen, equivalents: equivalents, shard: part.shard, guests: guests.number)
        if function == nil {
            report.place?.series = try builders.markOfMainline()
            if try part.shard == nil {
                try builders.recordEvidence(
                    .mutants, figures: report.lines.last ?? "", isGood: report.isGood)
            }
        }
        try Self.finish(report, in: json, shard: part.shard, builders)
    }

    /// Writes and prints a report, and fails if it is not good.
    static func finish(
        _ report: MutantReport, in json: String?, shard: Shard?, _ builders: Builders
    ) throws {
        try ReportFile(directory: "mutants", json: json, shard: shard).finish(
            report, lines: report.lines, isGood: report.isGood, builders)
    }
}
