// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `./qemu/footprint`.
struct FootprintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "footprint",
        abstract: "Checks that the series changes nothing for those who do not use it.",
        usage: "./qemu/footprint [--stock NAME] [--patched NAME]",
        discussion: """
            Compares every object file of two kernels that differ only by the series: contents of sections, \
            relocations, instructions. Compares the sizes of the structures that every thread, process and \
            mapping has. The exit status is 1 if anything differs without a known reason. Builds the kernels first \
            if necessary.
            """)

    @Option(help: "The kernel without the series.")
    var stock = "stock"

    @Option(help: "The kernel with the series, in the same configuration.")
    var patched = "patched"

    func run() async throws {
        let builders = try Builders()
        let kernels = try [stock, patched].map { try builders.catalogue.kernel(named: $0) }
        guard !kernels[0].patched, kernels[1].patched, kernels[0].base == kernels[1].base,
            kernels[0].config == kernels[1].config
        else {
            throw HarnessError(
                "\(stock) and \(patched) do not differ by the series alone; see ./qemu/run --list",
                status: .usage)
        }
        try await builders.installPackages()
        for kernel in kernels { _ = try await builders.kernels.build(kernel) }
        let trees = kernels.map { builders.kernels.directory(of: $0).appending("tree") }
        let sizes = try await [StructureSizes(of: trees[0]), StructureSizes(of: trees[1])]
        let findings = try await builders.progress.stage("objects of \(stock) and \(patched)") {
            try await ObjectComparison(stock: trees[0], patched: trees[1]).findings { count in
                builders.progress.update("\(count) compared")
            }
        }
        let report = FootprintReport(
            names: (stock, patched), findings: findings, sizes: (sizes[0], sizes[1]))
        print(report.lines.joined(separator: "\n"))
        guard report.isClean else { throw ExitCode(1) }
    }
}
