// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// The options that choose and shape a guest.
struct MachineArguments: ParsableArguments {
    enum AcceleratorChoice: String, ExpressibleByArgument, CaseIterable {
        case auto, kvm, tcg
    }

    @Option(help: "The kernel to boot; --list shows them.")
    var kernel = "patched"

    @Option(help: "auto takes KVM if it really boots a guest here, else TCG (emulation).")
    var accel = AcceleratorChoice.auto

    @Option(help: "Processors of the guest. (default: 2; 1 with --icount)")
    var smp: Int?

    @Flag(
        help: "Count instructions: the guest's clock advances by 1 ns with each. TCG, one processor.")
    var icount = false

    @Option(help: "Memory of the guest, in MiB.")
    var memory = 2048

    @Option(
        help: "Seconds the guest may take to boot. (default: 30 with KVM, else 120; more on slow kernels)")
    var bootTimeout: Int?

    @Option(help: "Seconds the command may take once the guest is up. (default: 600; more for slow kernels)")
    var timeout: Int?

    @Option(
        name: .customLong("kernel-argument"),
        help: ArgumentHelp("Appended to the kernel's command line; may be repeated.", valueName: "arg"))
    var kernelArguments: [String] = []

    func validate() throws {
        if let smp, smp < 1 { throw ValidationError("--smp needs a number from 1, not \(smp)") }
        if memory < 256 { throw ValidationError("--memory needs at least 256 MiB, not \(memory)") }
        if let timeout, timeout < 1 {
            throw ValidationError("--timeout needs a number of seconds from 1, not \(timeout)")
        }
        if let bootTimeout, bootTimeout < 1 {
            throw ValidationError("--boot-timeout needs a number of seconds from 1, not \(bootTimeout)")
        }
        if let conflict = options.machine.conflict(with: options.accelerator) {
            throw ValidationError("--icount: \(conflict)")
        }
    }

    var options: Workshop.GuestOptions {
        Workshop.GuestOptions(
            accelerator: icount && accel == .auto ? .tcg : Accelerator(rawValue: accel.rawValue),
            machine: MachineOptions(
                processors: smp ?? (icount ? 1 : 2), memory: memory, kernelArguments: kernelArguments,
                countsInstructions: icount),
            bootLimit: bootTimeout.map { .seconds($0) }, commandLimit: timeout.map { .seconds($0) })
    }
}
