// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// Builds kernels without booting them.
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Builds kernels; without names, those that ./test boots.")

    @Argument(help: "Names of kernels; ./qemu/run --list shows them.")
    var kernels: [String] = []

    func run() async throws {
        let builders = try Builders()
        let chosen =
            try kernels.isEmpty
            ? builders.catalogue.testedKernels : kernels.map { try builders.catalogue.kernel(named: $0) }
        try await builders.installPackages()
        for kernel in chosen {
            print(try await builders.kernels.build(kernel).image)
        }
    }
}

/// `./qemu/source`.
struct SourceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "source",
        abstract:
            "Fetches the pristine source of a base and prints the path of its tree, which must not be changed."
    )

    @Argument(help: "Name of a base in qemu/kernels.json.")
    var base = "mainline"

    func run() async throws {
        let builders = try Builders()
        let store = SourceStore(repository: builders.repository, progress: builders.progress)
        let base = try builders.catalogue.base(named: base)
        try await builders.installPackages()
        print(try await store.source(of: base).tree)
    }
}
