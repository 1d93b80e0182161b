// SPDX-License-Identifier: MIT

/// The differences between the architectures of guests: one record each.
public struct Architecture: Equatable, Sendable {
    public var name: String
    /// `ARCH=` for the kernel's makefiles.
    public var kernelArchitecture: String
    public var makeTarget: String
    /// The image, relative to the kernel's tree.
    public var kernelImage: String
    public var qemu: String
    public var machine: String
    /// `-cpu` by accelerator: what it can do, less what only makes it slower.
    public var emulatedProcessor: String
    public var acceleratedProcessor: String
    public var console: String
    /// Arguments that the machine's kernels need on their command line. The kernels of the catalogue are built without
    /// ACPI, so they are told the port of its timer. They also have to trust the processors' clocks although there are
    /// several sockets: under emulation every one of them is the host's clock. And on a loaded host the timer may tick
    /// too late for the check that it ticks at all.
    public var kernelArguments: [String]

    /// TCG walks page tables in software: a fifth level costs at every miss and nothing here needs it.
    public static let x86 = Architecture(
        name: "x86_64", kernelArchitecture: "x86", makeTarget: "bzImage",
        kernelImage: "arch/x86/boot/bzImage", qemu: "qemu-system-x86_64", machine: "q35",
        emulatedProcessor: "max,la57=off", acceleratedProcessor: "host", console: "ttyS0",
        kernelArguments: ["pmtmr=0x608", "tsc=reliable", "no_timer_check"])

    /// The architecture of the machine that the harness runs on.
    public static func ofHost() throws -> Architecture {
        #if arch(x86_64)
            return .x86
        #else
            throw HarnessError("this machine's architecture has no record in Architecture.swift yet")
        #endif
    }
}
