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
        let workshop = try Workshop()
        let chosen =
            try kernels.isEmpty
            ? workshop.catalogue.testedKernels : kernels.map { try workshop.catalogue.kernel(named: $0) }
        try await workshop.installPackages()
        for kernel in chosen {
            print(try await workshop.kernels.build(kernel).image)
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
        let workshop = try Workshop()
        let store = SourceStore(repository: workshop.repository, progress: workshop.progress)
        let base = try workshop.catalogue.base(named: base)
        try await workshop.installPackages()
        print(try await store.source(of: base).tree)
    }
}
