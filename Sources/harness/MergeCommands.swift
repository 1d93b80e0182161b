// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness
import SystemPackage

/// `./qemu/compare merge`.
struct MergeComparisonsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Puts the reports of all shards of a comparison together.",
        usage: "./qemu/compare merge [--junit FILE] FILE ...",
        discussion: """
            Takes the comparison-K-of-N.json of each shard, in any order, and judges, prints and writes the comparison \
            as if it had been run in one go. The exit status is 0 and 1 as for a whole comparison, and 64 if a shard is \
            missing or the files do not belong together.
            """)

    @OptionGroup var junit: JUnitArgument

    @Argument(help: "The reports.")
    var file: [String]

    func run() async throws {
        let builders = try Builders()
        let junitFile = try junit.prepared()
        let files = file.map { FilePath($0) }
        let report = try ComparisonReport.merged(files, command: ["./qemu/compare", "merge"] + file)
        try builders.recordEvidence(
            .comparison, mergedFrom: files, figures: CompareCommand.figures(of: report),
            isGood: report.verdict.isGood)
        try CompareCommand.finish(report, in: ComparisonFiles(in: builders.repository), junitFile)
    }
}

/// `kernel-patch/mutate merge`.
struct MergeMutationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Puts the reports of all shards of the mutations together.",
        usage: "kernel-patch/mutate merge [--worlds] [--json FILE] FILE ...",
        discussion: """
            Takes the report-K-of-N.json of each shard, in any order. The exit status is 0 only if every mutation was \
            caught, 1 if not, and 64 if a shard is missing or the files do not belong together.
            """)

    @Option(
        help: ArgumentHelp("File for the report. (default: build/mutations/report.json)", valueName: "file"))
    var json: String?

    @Flag(help: "The reports are those of --worlds, in build/mutations/worlds.")
    var worlds = false

    @Argument(help: "The reports.")
    var file: [String]

    func run() async throws {
        let builders = try Builders()
        let files = file.map { FilePath($0) }
        if worlds {
            let report = try MutationWorldsReport.merged(files)
            try builders.recordEvidence(
                .mutationsInWorlds, mergedFrom: files, figures: report.figures, isGood: report.isGood)
            return try MutateCommand.finish(report, in: json, shard: nil, builders)
        }
        let report = try MutationReport.merged(files)
        try builders.recordEvidence(
            .mutations, mergedFrom: files, figures: report.counts, isGood: report.isGood)
        try MutateCommand.finish(report, in: json, shard: nil, builders)
    }
}

/// `kernel-patch/mutants merge`.
struct MergeMutantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Puts the reports of all shards of the mutants together.",
        usage: "kernel-patch/mutants merge [--json FILE] FILE ...",
        discussion: """
            Takes the report-K-of-N.json of each shard, in any order. The exit status is 0 only if every mutant was \
            killed or is on the list, 1 if not, and 64 if a shard is missing or the files do not belong together.
            """)

    @Option(
        help: ArgumentHelp("File for the report. (default: build/mutants/report.json)", valueName: "file"))
    var json: String?

    @Argument(help: "The reports.")
    var file: [String]

    func run() async throws {
        let builders = try Builders()
        let files = file.map { FilePath($0) }
        let report = try MutantReport.merged(files, known: MutantRun(builders, of: "patched").known())
        try builders.recordEvidence(
            .mutants, mergedFrom: files, figures: report.lines.last ?? "", isGood: report.isGood)
        try MutantsCommand.finish(report, in: json, shard: nil, builders)
    }
}
