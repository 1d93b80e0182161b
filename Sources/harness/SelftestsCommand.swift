// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `./qemu/selftests`.
struct SelftestsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftests",
        abstract: "Runs the futex selftests of the kernel tree on kernels, and compares the results.",
        usage: "./qemu/selftests [--kernel NAME …] [TEST …]",
        discussion: """
            The tests are those of the patched tree, built once for all kernels of a base, and run in guests by \
            the tree's own runner. The exit status is 0 only if every test left a result, the one of the \
            series (cleanup_robust_list) passed on patched kernels and was skipped on others, and all others went as \
            on the stock kernel of the base. When that is not among the kernels, none may fail.
            """)

    @Option(
        name: .customLong("kernel"),
        help: ArgumentHelp("A kernel; may be repeated. (default: stock and patched)", valueName: "name"))
    var kernels: [String] = []

    @Option(help: ArgumentHelp("Write the results there as JSON.", valueName: "file"))
    var json: String?

    @Argument(help: "Names of tests; all when none is named.")
    var tests: [String] = []

    func run() async throws {
        let workshop = try Workshop()
        let names = kernels.isEmpty ? ["stock", "patched"] : kernels
        let chosen = try names.map { try workshop.catalogue.kernel(named: $0) }
        try await workshop.installPackages()
        let runs = try await SelftestRun(workshop).run(on: chosen, only: tests, options: .init())
        let comparison = SelftestComparison(runs)
        if let json { try Files.write(comparison.encoded, to: FilePath(json)) }
        print(comparison.lines.joined(separator: "\n"))
        for problem in comparison.problems { print("WRONG    \(problem)") }
        guard comparison.problems.isEmpty else { throw ExitCode(1) }
    }
}
