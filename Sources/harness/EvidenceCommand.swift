// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `kernel-patch/evidence`.
struct EvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence",
        abstract: "Shows the figures of the last runs of what is evidence for the kernel code.",
        usage: """
            kernel-patch/evidence                 the table; exits 1 if something failed, or was not run on the series as it is
            kernel-patch/evidence --update        writes it to docs/proof.md
            kernel-patch/evidence models          runs the models of the protocols
            kernel-patch/evidence worlds          100,000 random worlds; continues where it left off
            kernel-patch/evidence stress          20 minutes of stress
            kernel-patch/evidence faults          lets each allocation fail
            """,
        discussion: """
            kernel-patch/mutate, kernel-patch/mutants, ./qemu/coverage and ./qemu/compare keep their figures in \
            build/evidence when they run whole; what has no command of its own is run by this one.
            Of what was not run on this machine the table has the lines of docs/proof.md.
            """,
        subcommands: [Models.self, Worlds.self, Stress.self, Faults.self])

    @Flag(help: "Write the table to docs/proof.md.")
    var update = false

    func run() async throws {
        let builders = try Builders()
        let series = try builders.catalogue.bases.map(builders.mark(ofSeriesFor:))
        let page = builders.repository.evidencePage
        let table = try EvidenceTable(
            try EvidenceStore(in: builders.repository).records(), page: page, series: Set(series))
        print(table.lines.joined(separator: "\n"))
        if update { try table.place(in: page) }
        guard table.isGood else { throw ExitCode(1) }
    }

    struct Models: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run the models of the protocols.")

        func run() async throws {
            let builders = try Builders()
            try await builders.installPackages()
            let (figures, isGood) = try await ModelsOfProtocols(builders).run()
            try builders.keepEvidence(.models, figures: figures, isGood: isGood)
        }
    }

    struct Worlds: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Try random worlds.")

        @Option(help: ArgumentHelp("Patched kernel to run them on.", valueName: "name"))
        var kernel = "patched"

        @Option(help: "Number of worlds.")
        var count = 100_000

        @Option(help: "Seed of the first; the next ones follow.")
        var seed = 1

        func validate() throws {
            guard (1...100_000_000).contains(count) else {
                throw ValidationError("--count \(count): must be from 1 to 100000000")
            }
            guard seed >= 0 else { throw ValidationError("--seed \(seed): must not be negative") }
        }

        func run() async throws {
            let builders = try Builders()
            let run = try EvidenceRun(builders, on: kernel)
            try await builders.installPackages()
            let (tried, seconds, failure) = try await run.worlds(count, from: seed)
            let worlds = tried.formatted(.number.locale(.init(identifier: "en")))
            try builders.keepEvidence(
                .worlds, kernel: kernel,
                figures: failure.map { "after \(tried) worlds: \($0)" }
                    ?? "\(worlds) worlds, none failed" + GuestTime.suffix(seconds: seconds),
                isGood: failure == nil)
        }
    }

    struct Stress: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run the stress.")

        @Option(help: ArgumentHelp("Patched kernel to run it on.", valueName: "name"))
        var kernel = "patched"

        @Option(help: "Duration in seconds.")
        var seconds = 1_200

        func validate() throws {
            guard (1...86_400).contains(seconds) else {
                throw ValidationError("--seconds \(seconds): must be from 1 to 86400")
            }
        }

        func run() async throws {
            let builders = try Builders()
            let run = try EvidenceRun(builders, on: kernel)
            try await builders.installPackages()
            let (figures, isGood) = try await run.stress(seconds: seconds)
            try builders.keepEvidence(.stress, kernel: kernel, figures: figures, isGood: isGood)
        }
    }

    struct Faults: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let each allocation fail.")

        @Option(help: ArgumentHelp("Kernel with fault injection.", valueName: "name"))
        var kernel = "patched-faults"

        func run() async throws {
            let builders = try Builders()
            let run = try EvidenceRun(builders, on: kernel)
            try await builders.installPackages()
            let (figures, isGood) = try await run.faults()
            try builders.keepEvidence(.faults, kernel: kernel, figures: figures, isGood: isGood)
        }
    }
}

extension Builders {
    /// Keeps the figures of the command that runs, and prints them.
    ///
    /// - Throws: the exit status 1 if they are not good.
    func keepEvidence(
        _ subject: EvidenceRecord.Subject, kernel: String? = nil, figures: String, isGood: Bool
    ) throws {
        print(figures)
        try recordEvidence(subject, kernel: kernel, figures: figures, isGood: isGood)
        guard isGood else { throw ExitCode(1) }
    }

    /// The mark of the series for mainline, as it is now: what has no kernel of its own is about that one.
    func markOfMainline() throws -> String { try mark(ofSeriesFor: catalogue.bases[0]) }

    /// Keeps the figures of merged reports, if these are evidence for the series as it is now; else says why not.
    func recordEvidence(
        _ subject: EvidenceRecord.Subject, mergedFrom files: [FilePath], figures: String, isGood: Bool
    ) throws {
        guard let series = try ShardOfReport.series(of: files) else { return }
        guard try series == markOfMainline() else {
            return progress.note("not kept as evidence: the reports are about another version of the series")
        }
        try recordEvidence(subject, figures: figures, isGood: isGood)
    }

    /// The mark of the series for a base, as it is now.
    fileprivate func mark(ofSeriesFor base: Catalogue.Base) throws -> String {
        try PatchSeries(directory: repository.root.appending(base.series)).mark
    }

    func recordEvidence(
        _ subject: EvidenceRecord.Subject, kernel: String? = nil, figures: String, isGood: Bool
    ) throws {
        let name = TypedCommand.name ?? "harness \(CommandLine.arguments.dropFirst().first ?? "")"
        // A page that was written as well says nothing about what was seen.
        let arguments = CommandLine.arguments.dropFirst(2).filter { $0 != "--update" }
        let command = ([name] + arguments).joined(separator: " ")
        let base =
            try kernel.map { try catalogue.base(of: catalogue.kernel(named: $0)) } ?? catalogue.bases[0]
        try EvidenceStore(in: repository).keep(
            EvidenceRecord(
                subject, kernel: kernel, figures: figures, command: command,
                series: try mark(ofSeriesFor: base),
                isGood: isGood))
    }
}
