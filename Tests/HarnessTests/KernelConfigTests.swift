// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct KernelConfigTests {
    private let config = """
        CONFIG_A=y
        CONFIG_SIZE=60
        # CONFIG_C is not set
        """

    private func requests(_ text: String) throws -> KernelConfig {
        try KernelConfig(fragments: [("test", text)])
    }

    @Test func fulfilledRequestsAreNotMissing() throws {
        let text =
            "# a comment\nCONFIG_A=y\nCONFIG_SIZE=60\n# CONFIG_C is not set\n# CONFIG_ABSENT is not set\n"
        #expect(try requests(text).missing(from: config) == [])
    }

    @Test func everyMissingOptionIsNamed() throws {
        let requests = try requests("CONFIG_AA=y\nCONFIG_SIZE=6\nCONFIG_C=y\n# CONFIG_A is not set\n")
        #expect(
            requests.missing(from: config)
                == ["CONFIG_AA=y", "CONFIG_SIZE=6", "CONFIG_C=y", "# CONFIG_A is not set"])
        let error = try #require(
            #expect(throws: HarnessError.self) { try requests.verify(config, of: "stock") })
        for name in ["stock", "CONFIG_AA=y", "CONFIG_SIZE=6", "CONFIG_C=y", "# CONFIG_A is not set"] {
            #expect(error.description.contains(name))
        }
    }

    @Test func laterFragmentOverridesEarlierOne() throws {
        let requests = try KernelConfig(fragments: [
            ("base", "CONFIG_A=y\nCONFIG_C=y\n"), ("variant", "# CONFIG_C is not set\n"),
        ])
        #expect(requests.requested == ["CONFIG_A=y", "# CONFIG_C is not set"])
        #expect(requests.missing(from: config) == [])
    }

    @Test func lineThatIsNoOptionIsRefused() {
        #expect(throws: HarnessError.self) { try requests("CONFIG_A\n") }
    }

    @Test func ownFragmentsAreAllThere() throws {
        let repository = try Repository.containing(FilePath(#filePath))
        let catalogue = try Catalogue(contentsOf: repository.catalogue)
        for kernel in catalogue.kernels {
            let names = try catalogue.base(of: kernel).config + kernel.config
            let config = try KernelConfig(
                names: names, for: kernel.architecture ?? "x86_64", in: repository.configFragments)
            #expect(config.requested.count > 50)
        }
    }

    @Test func partOfOneArchitectureFollowsThePartOfAllAndMayTakeItBack() async throws {
        try await withTemporaryDirectory { directory in
            func write(_ name: String, _ text: String) throws {
                let file = directory.pushing(FilePath(name))
                try Files.makeDirectory(file.removingLastComponent())
                try Files.write(Data(text.utf8), to: file)
            }
            try write("base.config", "CONFIG_A=y\nCONFIG_B=y\n")
            try write("first/base.config", "# CONFIG_A is not set\nCONFIG_C=y\n")
            try write("first/own.config", "CONFIG_D=y\n")
            func requested(_ names: [String], for architecture: String) throws -> [String] {
                try KernelConfig(names: names, for: architecture, in: directory).requested
            }
            #expect(
                try requested(["base", "own"], for: "first")
                    == ["# CONFIG_A is not set", "CONFIG_B=y", "CONFIG_C=y", "CONFIG_D=y"])
            #expect(try requested(["base", "own"], for: "second") == ["CONFIG_A=y", "CONFIG_B=y"])
            let error = #expect(throws: HarnessError.self) { try requested(["bsae"], for: "first") }
            #expect(error?.description.contains("bsae.config") == true)
        }
    }
}
