// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `kernel-patch/mutate`.
struct MutateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutate",
        abstract: "Breaks the series on purpose and reports which test notices.",
        usage: """
            kernel-patch/mutate [--only NAME …]   builds, boots and tests each; a table and a report
            kernel-patch/mutate --shard K/N       the K-th of N parts; another machine runs another
            kernel-patch/mutate merge FILE ...    the reports of all parts put together
            kernel-patch/mutate --worlds          after how many random worlds each is noticed
            kernel-patch/mutate merge --worlds FILE ...
            kernel-patch/mutate --list            the mutations, and the forbidden outcome of each
            kernel-patch/mutate --check           only checks that each still applies; takes seconds
            """,
        discussion: """
            Each mutation is a patch on top of the series, in kernel-patch/mutations. Its kernel is built, and the \
            syscall suite and the selftest of the series run on it. The exit status is 0 only if every mutation was \
            caught. If no test notices one, a test is missing, unless the mutation's file names a model of the \
            protocol: then that model runs and has to show the forbidden outcome. A mutation that no longer applies \
            has to be rewritten. The series without mutations runs first and must pass. Results are kept in \
            build/mutations until the kernel, the mutation, or the sources of what runs in the guest change, so an \
            interrupted run continues where it left off. The report of a shard is build/mutations/report-K-of-N.json.
            """, subcommands: [MergeMutationsCommand.self])

    @Option(help: ArgumentHelp("Try only this mutation; may be repeated.", valueName: "name"))
    var only: [String] = []

    @Option(help: ArgumentHelp("Patched kernel to mutate.", valueName: "name"))
    var kernel = "patched"

    @Option(help: ArgumentHelp("File for the report. (default: build/mutations/report.json)"))
    var json: String?

    @OptionGroup var guests: GuestsArgument

    @OptionGroup var part: ShardArgument

    @Flag(
        help:
            "Run random worlds instead of the tests, up to three times for each mutation, and say in which world it was noticed. The exit status is 0 only if each was, but for those whose files say why they cannot be."
    )
    var worlds = false

    @Option(
        help:
            "Number of worlds after which a run of --worlds gives up; a tenth of it for a mutation whose file says that they cannot notice it."
    )
    var budget = 3000

    @Flag(help: "With --worlds: write the table to docs/proof.md.")
    var update = false

    @Flag(help: "Show the mutations.")
    var list = false

    @Flag(help: "Check that the mutations apply, without building anything.")
    var check = false

    func run() async throws {
        let builders = try Builders()
        let run = try MutationRun(builders, of: kernel)
        var (mutations, place) = try Mutation.part(
            of: Mutation.select(only, from: Mutation.all(of: run.series)), part.shard, kernel: kernel)
        if list {
            for mutation in mutations {
                print("\(mutation.name)\n    \(mutation.subject)\n    forbidden: \(mutation.forbidden)")
                if let model = mutation.model { print("    shown by: kernel-patch/model/check \(model)") }
            }
            return
        }
        if only.isEmpty { place?.series = try builders.markOfMainline() }
        try await builders.installPackages()
        if check {
            let problems = try await run.unusable(among: mutations)
            for problem in problems { print("UNUSABLE \(problem)") }
            print("\(mutations.count - problems.count) of \(mutations.count) mutations apply")
            guard problems.isEmpty else { throw ExitCode(1) }
        } else if worlds {
            let report = MutationWorldsReport(
                budget: budget,
                findings: try await MutationWorlds(run, budget: budget, guests: guests.number)
                    .findings(for: mutations), place: place)
            if only.isEmpty, place == nil {
                try builders.recordEvidence(
                    .mutationsInWorlds, figures: report.figures, isGood: report.isGood)
                if update {
                    try MarkedText(writtenBy: "kernel-patch/mutate --worlds --update").replace(
                        in: builders.repository.evidencePage, by: report.markdown)
                }
            }
            try Self.finish(report, in: json, shard: part.shard, builders)
        } else {
            var report = try await run.run(mutations, guests: guests.number)
            report.place = place
            if only.isEmpty, place == nil {
                try builders.recordEvidence(.mutations, figures: report.counts, isGood: report.isGood)
            }
            try Self.finish(report, in: json, shard: part.shard, builders)
        }
    }

    func validate() throws {
        guard (1...1_000_000).contains(budget) else {
            throw ValidationError("--budget \(budget): must be from 1 to 1000000")
        }
        let shard = try part.shard
        if update, !worlds || !only.isEmpty || shard != nil {
            throw ValidationError("--update: only with --worlds on all mutations")
        }
    }

    /// The report of `--worlds`, likewise.
    static func finish(
        _ report: MutationWorldsReport, in json: String?, shard: Shard?, _ builders: Builders
    ) throws {
        try ReportFile(directory: "mutations/worlds", json: json, shard: shard).finish(
            report, lines: report.lines, isGood: report.isGood, builders)
    }

    /// Writes and prints a report, and fails if it is not good.
    static func finish(
        _ report: MutationReport, in json: String?, shard: Shard?, _ builders: Builders
    ) throws {
        try ReportFile(directory: "mutations", json: json, shard: shard).finish(
            report, lines: report.lines, isGood: report.isGood, builders)
    }
}
