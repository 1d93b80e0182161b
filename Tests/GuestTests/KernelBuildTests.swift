// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// Mistakes that stop a kernel's build, with the real source and the real kconfig, and without compiling.
extension WithGuests {
    @Suite struct KernelBuildTests {
        /// Runs `body` with a checkout of its own that shares the source of the real one.
        private func withCheckout(_ body: (Builders) async throws -> Void) async throws {
            // Below build/, for hard links do not reach into another file system.
            let root = repository.build.appending("test-\(UUID().uuidString)")
            defer { try? Files.remove(root) }
            let own = Repository(root: root)
            try Files.makeDirectory(own.build)
            try FileManager.default.createSymbolicLink(
                atPath: own.sources.string, withDestinationPath: repository.sources.string)
            for path in ["qemu", "kernel-patch"] {
                try FileManager.default.copyItem(
                    atPath: repository.root.appending(path).string, toPath: root.appending(path).string)
            }
            try await body(Builders(repository: own, progress: Progress()))
        }

        @Test func optionThatVanishesStopsTheBuildAndIsNamed() async throws {
            try await withCheckout { builders in
                let fragment = builders.repository.configFragments.appending("machine.config")
                let text = String(decoding: try Files.read(fragment), as: UTF8.self)
                try Files.write(
                    Data((text + "CONFIG_NO_SUCH_OPTION=y\nCONFIG_MODULE_SIG=y\n").utf8), to: fragment)
                let stock = try builders.catalogue.kernel(named: "stock")
                let error = await #expect(throws: HarnessError.self) {
                    _ = try await builders.kernels.build(stock)
                }
                let message = try #require(error).description
                #expect(message.contains("CONFIG_NO_SUCH_OPTION=y"))
                #expect(message.contains("CONFIG_MODULE_SIG=y"))
                #expect(!message.contains("CONFIG_SMP"))
            }
        }

        @Test func seriesThatDoesNotApplyStopsTheBuildAndIsNamed() async throws {
            try await withCheckout { builders in
                let patch = """
                    diff --git a/kernel/futex/core.c b/kernel/futex/core.c
                    --- a/kernel/futex/core.c
                    +++ b/kernel/futex/core.c
                    @@ -1,1 +1,1 @@
                    -no such line
                    +another

                    """
                let name = "9999-does-not-apply.patch"
                try Files.write(
                    Data(patch.utf8), to: builders.repository.root.appending("kernel-patch").appending(name))
                let patched = try builders.catalogue.kernel(named: "patched")
                let error = await #expect(throws: HarnessError.self) {
                    _ = try await builders.kernels.build(patched)
                }
                let message = try #require(error).description
                #expect(message.contains(name))
                #expect(message.contains("kernel/futex/core.c"))
            }
        }

        /// One that does not apply any more would be no test of the tests.
        @Test func everyMutationAppliesToTheSeries() async throws {
            let builders = try Builders(repository: repository, progress: Progress())
            let run = try MutationRun(builders)
            #expect(try await run.unusable(among: Mutation.all(of: run.series)) == [])
        }
    }
}
