// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// The options that choose and shape a guest.
struct MachineArguments: ParsableArguments {
    enum AcceleratorChoice: String, ExpressibleByArgument, CaseIterable {
        case auto, kvm, tcg
    }

    @Option(
        help:
            "Kernel to boot; --list shows them. (default: patched; with --tree the patched one of its version)"
    )
    var kernel: String?

    @OptionGroup var given: TreeArgument

    @Option(help: "auto uses KVM if it really boots a guest here, otherwise TCG (emulation).")
    var accel = AcceleratorChoice.auto

    @Option(help: "Number of processors. (default: 2; 1 with --icount)")
    var smp: Int?

    @Flag(
        help: "Count instructions: each advances the guest's clock by 1 ns. Needs TCG and one processor.")
    var icount = false

    @Option(help: "Memory in MiB.")
    var memory = 2048

    @Option(
        help: "Limit for booting, in seconds. (default: 30 with KVM, otherwise 120; more for slow kernels)")
    var bootTimeout: Int?

    @Option(
        help: "Limit for the command once the guest is up, in seconds. (default: 600; more for slow kernels)")
    var timeout: Int?

    @Option(
        name: .customLong("kernel-argument"),
        help: ArgumentHelp(
            "Argument to append to the kernel's command line; may be repeated.", valueName: "arg"))
    var kernelArguments: [String] = []

    func validate() throws {
        if let smp, smp < 1 { throw ValidationError("--smp \(smp): must be at least 1") }
        if memory < 256 { throw ValidationError("--memory \(memory): must be at least 256 MiB") }
        if let timeout, timeout < 1 {
            throw ValidationError("--timeout \(timeout): must be at least 1 second")
        }
        if let bootTimeout, bootTimeout < 1 {
            throw ValidationError("--boot-timeout \(bootTimeout): must be at least 1 second")
        }
        if let conflict = options.machine.conflict(with: options.accelerator) {
            throw ValidationError("--icount: \(conflict)")
        }
    }

    /// The kernel that was asked for.
    func kernel(of catalogue: Catalogue) throws -> Catalogue.Kernel {
        let tree = try given.tree
        guard let kernel else {
            return try tree.map(catalogue.kernel(from:)) ?? catalogue.kernel(named: "patched")
        }
        let named = try catalogue.kernel(named: kernel)
        return tree.map(named.built(from:)) ?? named
    }

    var options: Builders.GuestOptions {
        Builders.GuestOptions(
            accelerator: icount && accel == .auto ? .tcg : Accelerator(rawValue: accel.rawValue),
            machine: MachineOptions(
                processors: smp ?? (icount ? 1 : 2), memory: memory, kernelArguments: kernelArguments,
                countsInstructions: icount),
            bootLimit: bootTimeout.map { .seconds($0) }, commandLimit: timeout.map { .seconds($0) })
    }
}
