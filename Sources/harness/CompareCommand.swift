// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `./qemu/compare`.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Runs the race on several kernels in the same way and compares the results.",
        usage: """
            ./qemu/compare                              stock and patched kernels of every base
            ./qemu/compare --all                        also patched C libraries, the preload, Boost, other kinds of mutexes
            ./qemu/compare --quick                      only boundaries in and beside the race window
            ./qemu/compare --kernels stock,patched      some kernels; ./qemu/run --list shows them
            ./qemu/compare --scenarios '/glibc32/'      some scenarios; --list shows them
            ./qemu/compare --kernel-image ~/bzImage     a kernel of your own
            ./qemu/compare --tree ~/linux               the kernel of your own tree, as it is, and stock
            ./qemu/compare --shard 1/3                  the first of three parts; another machine runs another
            ./qemu/compare merge FILE ...               the reports of all parts put together
            ./qemu/compare --list                       what would be run, and what is finished
            """,
        discussion: """
            Builds what is missing first. Prints a table by kernel, unlocker and destroyer, and writes \
            build/compare/comparison.json and build/compare/comparison.html, each whole or not at all. Finished cells \
            are kept: an interrupted comparison continues where it left off, and what has not changed is not run again.

            A scenario is TECHNIQUE/UNLOCKER/VARIANT/MEMORY/KILLER/DESTROYER. If nobody makes the call, \
            whether the kernel has it or not, a legacy unlocker must corrupt memory exactly at the boundaries where \
            the futex word is released and list_op_pending is still set (but for musl within one process, whose \
            destroy waits for the unlock). With a destroyer that calls cleanup_robust_list(), or with \
            FUTEX_ROBUST_UNLOCK, nothing may be corrupted. A patched C library or the preload makes the call inside \
            pthread_mutex_destroy(); on stock kernels the call fails, and memory must be corrupted just as without it. \
            The exit status is 0 only if all of that holds and every scenario that can run did run, and 1 \
            otherwise: a comparison that does not show the bug has failed. For your own image there is no \
            expectation; the results are only reported. A tree of yours is expected to do what a patched kernel does.

            Of a shard only its own cells are judged; its report is build/compare/comparison-K-of-N.json.

            Other statuses: 64 bad usage, 253 set-up failed, 128+N interrupted by signal N (129, 130, 143).
            """, subcommands: [MergeComparisonsCommand.self])

    @Option(
        help: ArgumentHelp(
            "Kernels, separated by commas. (default: stock and patched of every base; stock with --tree; none with "
                + "--kernel-image)",
            valueName: "a,b"))
    var kernels: String?

    @Option(
        name: .customLong("kernel-image"),
        help: ArgumentHelp(
            "Your own bzImage, shown under its file name; may be repeated. It needs virtio-pci, "
                + "virtio-console, initramfs, devtmpfs and tmpfs built in.", valueName: "file"))
    var kernelImages: [String] = []

    @OptionGroup var given: TreeArgument

    @Option(
        help: ArgumentHelp(
            "Run only the scenarios whose identifier matches this regular expression.", valueName: "RE"))
    var scenarios: String?

    @OptionGroup var junit: JUnitArgument

    @OptionGroup var part: ShardArgument

    @Flag(
        help:
            "Run also the scenarios with patched C libraries, the preload, and other kinds of mutexes, which otherwise run only if --scenarios selects them."
    )
    var all = false

    @Flag(help: "Try only the instruction boundaries in and right beside the race window.")
    var quick = false

    @Flag(help: "Forget the finished cells among those chosen, and run all of them again.")
    var fresh = false

    @Flag(help: "Write the table to docs/comparison.md; only with --all, and without a selection.")
    var update = false

    @Flag(help: "Print the cells, their expected results, and which are finished; run none.")
    var list = false

    func run() async throws {
        let builders = try Builders()
        let names = try kernels.map(Self.names) ?? []
        let here = FilePath(FileManager.default.currentDirectoryPath)
        let plan = try ComparisonPlan(
            names: names, tree: given.tree,
            images: kernelImages.map { here.pushing(FilePath($0)).lexicallyNormalized() },
            pattern: scenarios, all: all, quick: quick, fresh: fresh,
            shard: part.shard, catalogue: builders.catalogue)
        let comparison = Comparison(plan, in: builders)
        if list {
            for line in try await comparison.preview() { print(line) }
            return
        }
        let junitFile = try junit.prepared()
        try await builders.installPackages(
            for: plan.kernels, and: ComparisonPrograms(of: plan).projects.flatMap(LibraryBuilder.packages))
        var report = try await comparison.run(
            command: ["./qemu/compare"] + CommandLine.arguments.dropFirst(2))
        let files = ComparisonFiles(in: builders.repository, shard: try part.shard)
        if try isComplete {
            report.place?.series = try builders.markOfMainline()
            if try part.shard == nil {
                try builders.recordEvidence(
                    .comparison, figures: Self.figures(of: report), isGood: report.verdict.isGood)
            }
        }
        if update {
            try MarkedText(writtenBy: "./qemu/compare --all --update").replace(
                in: builders.repository.comparisonPage, by: ComparisonTable.markdown(of: report))
        }
        try Self.finish(report, in: files, junitFile)
    }

    /// Tells whether every scenario is tried on every kernel of the bases, by this command or by all shards together.
    private var isComplete: Bool {
        get throws {
            try all && !quick && scenarios == nil && kernels == nil && kernelImages.isEmpty
                && given.tree == nil
        }
    }

    func validate() throws {
        if update, try !isComplete || part.shard != nil {
            throw ValidationError("--update: only with --all, without a choice of kernels or scenarios")
        }
    }

    static func figures(of report: ComparisonReport) -> String {
        ComparisonTable.conclusion(of: report).last ?? ""
    }

    /// Writes and prints a report, and fails if it is not good.
    static func finish(_ report: ComparisonReport, in files: ComparisonFiles, _ junit: FilePath?) throws {
        try files.write(report)
        if let junit { try JUnitReport(of: report).write(to: junit) }
        print(ComparisonTable.lines(of: report).joined(separator: "\n"))
        print("\n\(ComparisonTable.conclusion(of: report).joined(separator: "\n"))")
        print("time     \(Progress.format(seconds: report.seconds))")
        print("written  \(files.report)\n         \(files.page)")
        guard report.verdict.isGood else { throw ExitCode(1) }
    }

    private static func names(_ list: String) throws -> [String] {
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard !names.contains("") else {
            throw HarnessError(
                "--kernels '\(list)': a name is empty; give names separated by commas", status: .usage)
        }
        return names
    }
}
