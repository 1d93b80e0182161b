// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness
import SystemPackage

/// `./qemu/architectures`.
struct ArchitecturesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "architectures",
        abstract: "Tests the series on every architecture that QEMU emulates here.",
        usage: """
            ./qemu/architectures               all of them
            ./qemu/architectures NAME …        these
            ./qemu/architectures --list        their names, and the kernels of each
            """,
        discussion: """
            Builds the kernels of each architecture, without the series and with it, with Debian's cross compilers, and \
            boots them. In each guest it runs the futex selftests of the kernel's tree, with the series' own, the latter \
            also as a 32-bit program if the kernel runs those, and holds the unlocks of glibc and musl in the race \
            window: by single steps where the kernel has them, otherwise at system calls. Then processes and threads die on each \
            patched kernel while others call, and nobody's memory may change.

            Prints a table, then a line for each unlock that was held. The exit status is 0 if everything is as it must \
            be: the same selftests pass with the series as without it, and its own with it; memory is corrupted \
            exactly in the window when nobody makes the call, and nowhere when the destroyer does.
            """)

    @Flag(help: "Show the architectures and their kernels.")
    var list = false

    @Option(
        help: ArgumentHelp(
            "Length of the stress run on each patched kernel, in seconds; 0 skips it.",
            valueName: "seconds"))
    var stress = 20

    @Option(help: ArgumentHelp("Write the results to this file as JSON.", valueName: "file"))
    var json: String?

    @Argument(help: "Names of architectures. (default: all)")
    var names: [String] = []

    func validate() throws {
        if stress < 0 { throw ValidationError("--stress \(stress): must not be negative") }
    }

    func run() async throws {
        let builders = try Builders()
        let architectures = ArchitectureRun(builders)
        if list {
            for name in architectures.architectures {
                print("\(name): \(try architectures.kernels(of: name).map(\.name).joined(separator: ", "))")
            }
            return
        }
        let kernels = try (names.isEmpty ? architectures.architectures : names)
            .flatMap(architectures.kernels)
        try await builders.installPackages(for: kernels)
        let report = try await architectures.run(
            on: kernels, stressSeconds: stress, command: ["./qemu/architectures"] + names)
        if let json { try Files.write(Files.json(report), to: FilePath(json)) }
        print(report.table.joined(separator: "\n"))
        print()
        print(report.details.joined(separator: "\n"))
        print("\ntimes    in all \(Progress.format(seconds: builders.progress.times.total))")
        for problem in report.problems { print("WRONG    \(problem)") }
        guard report.problems.isEmpty else { throw ExitCode(1) }
    }
}
