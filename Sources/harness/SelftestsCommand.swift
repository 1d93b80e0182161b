// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `./qemu/selftests`.
struct SelftestsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftests",
        abstract: "Runs the kernel tree's futex selftests on several kernels and compares the results.",
        usage: "./qemu/selftests [--kernel NAME …] [TEST …]",
        discussion: """
            The tests are those of the patched tree, built once for all kernels of a base and run in guests by \
            the tree's own runner. The exit status is 0 only if every test left a result, the test of the series \
            (cleanup_robust_list) passed on patched kernels and was skipped on others, and all other tests had the \
            same result as on the stock kernel of the base. If that kernel is not among those chosen, no test may fail.
            """)

    @Option(
        name: .customLong("kernel"),
        help: ArgumentHelp("Kernel to test; may be repeated. (default: stock and patched)", valueName: "name")
    )
    var kernels: [String] = []

    @Option(help: ArgumentHelp("Write the results to this file as JSON.", valueName: "file"))
    var json: String?

    @Argument(help: "Names of tests. (default: all)")
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
