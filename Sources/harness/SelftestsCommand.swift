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
        usage: "./qemu/selftests [--kernel NAME …] [--tree DIR] [TEST …]",
        discussion: """
            The tests are those of the patched tree, built once for all kernels of a base and run in guests by \
            the tree's own runner. The exit status is 0 only if every test left a result, the test of the series \
            (cleanup_robust_list) passed on patched kernels and was skipped on others, and all other tests had the \
            same result as on the chosen stock kernel of that base, preferably the one with the same configuration. If \
            none is chosen, no test may fail. \
            With --tree the tests and the patched kernel are those of that tree as it is.
            """)

    @Option(
        name: .customLong("kernel"),
        help: ArgumentHelp(
            "Kernel to test; may be repeated. (default: stock and patched; with --tree stock)",
            valueName: "name")
    )
    var kernels: [String] = []

    @OptionGroup var given: TreeArgument

    @Option(help: ArgumentHelp("Write the results to this file as JSON.", valueName: "file"))
    var json: String?

    @Argument(help: "Names of tests. (default: all)")
    var tests: [String] = []

    func run() async throws {
        let builders = try Builders()
        let chosen = try chosen(from: builders.catalogue)
        try await builders.installPackages(for: chosen)
        let runs = try await SelftestRun(builders).run(on: chosen, only: tests, options: .init())
        let comparison = SelftestComparison(runs)
        if let json { try Files.write(comparison.encoded, to: FilePath(json)) }
        print(comparison.lines.joined(separator: "\n"))
        for problem in comparison.problems { print("WRONG    \(problem)") }
        guard comparison.problems.isEmpty else { throw ExitCode(1) }
    }

    private func chosen(from catalogue: Catalogue) throws -> [Catalogue.Kernel] {
        let named = try kernels.map { try catalogue.kernel(named: $0) }
        guard let tree = try given.tree else {
            return try named.isEmpty ? ["stock", "patched"].map { try catalogue.kernel(named: $0) } : named
        }
        let own = try catalogue.kernel(from: tree)
        return (named.isEmpty ? [try catalogue.stockKernel(of: own.base)] : named) + [own]
    }
}
