// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `./qemu/coverage`.
struct CoverageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage",
        abstract: "Shows which lines and branches of cleanup.c the checks and the stress do not reach.",
        usage: """
            ./qemu/coverage                    checks and stress
            ./qemu/coverage --worlds 600       random worlds, which the counts guide
            """,
        discussion: """
            Builds the kernel with gcov for cleanup.c alone, and runs every check and the stress in it. Prints the \
            counts and every difference from kernel-patch/coverage/unreached.json, and writes \
            build/coverage/cleanup.html, the source with counts. Exits 1 if a line outside the list is missed or a listed \
            one is reached, unless the list marks it byChance; 253 if a check fails or the kernel reports a fault; with \
            --update 0. With --worlds, worlds that took a new branch, or took a branch more often, are varied; \
            nothing is compared with the list.
            """)

    @Option(
        name: .customLong("kernel"),
        help: ArgumentHelp(
            "Patched kernel of mainline to run them on; may be repeated, then what they reach is added up. (default: patched)",
            valueName: "name"))
    var kernels: [String] = []

    @Option(help: "Seconds that the stress runs.")
    var stress = 20

    @Option(help: ArgumentHelp("Explore random worlds for this long instead.", valueName: "seconds"))
    var worlds: Int?

    @Flag(help: "Rewrite the list. New places get an empty reason for you to fill in.")
    var update = false

    func validate() throws {
        guard (1...3_600).contains(stress) else {
            throw ValidationError("--stress \(stress): must be from 1 to 3600 seconds")
        }
        if let worlds {
            guard (1...86_400).contains(worlds) else {
                throw ValidationError("--worlds \(worlds): must be from 1 to 86400 seconds")
            }
            if update {
                throw ValidationError(
                    "--update: the list is of what the checks do not reach; leave --worlds out")
            }
        }
    }

    func run() async throws {
        let builders = try Builders()
        let run = try CoverageRun(
            builders, kernels: kernels.isEmpty ? ["patched"] : kernels,
            worlds.map { .worlds($0) } ?? .checks(stress: stress))
        try await builders.installPackages()
        let report = try await run.run(update: update)
        let files = CoverageFiles(in: builders.repository)
        let figures = report.totals.map { $0.replacing(#/\s+/#, with: " ") }.joined(separator: ", ")
        try builders.recordEvidence(
            worlds == nil ? .coverage : .guidedWorlds, figures: figures,
            isGood: worlds != nil || report.isGood)
        if worlds != nil {
            print(report.totals.joined(separator: "\n"))
            return print("written   \(files.page)")
        }
        print(report.text.joined(separator: "\n"))
        print("written   \(update ? "\(files.list), " : "")\(files.page)")
        guard report.isGood || update else { throw ExitCode(1) }
    }
}
