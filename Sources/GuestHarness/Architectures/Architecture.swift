// SPDX-License-Identifier: MIT

/// An architecture of guests. What distinguishes it is in its record (Records.swift), in `qemu/config/NAME`, and in
/// `qemu/guest/race/hold.c` where single steps need help.
public struct Architecture: Equatable, Sendable {
    /// As in the kernel's catalogue and in the names of directories.
    public var name: String
    /// Debian's name.
    public var debian: String
    /// `ARCH=` for the kernel's makefiles.
    public var kernelArchitecture: String
    /// The goal for make.
    public var makeTarget: String
    /// The image, relative to the kernel's tree.
    public var kernelImage: String
    /// The GNU triplet of the cross compiler; nil: the machine's own compiler, with `compilerOptions`.
    public var triplet: String?
    /// For the programs that run in the guest.
    public var compilerOptions: [String] = []
    public var qemu: String
    /// Debian packages of QEMU and of the firmware that the machine starts with.
    public var packages: [String]
    public var machine: String
    /// `-cpu` by accelerator: what it can do, less what only makes it slower.
    public var emulatedProcessor: String
    public var acceleratedProcessor: String
    public var console: String
    /// Arguments that the machine's kernels need on their command line.
    public var kernelArguments: [String] = []
    /// Tells whether a kernel finds one processor of each socket only: so it is in the multiprocessor table, which is what an
    /// x86 kernel without ACPI goes by.
    public var oneProcessorASocket = false
    /// The availability of `PTRACE_SINGLESTEP`.
    public enum SingleSteps: String, Codable, Sendable {
        case always
        /// The kernel has none (`arch_has_single_step()`).
        case never
        /// QEMU 7.2 forgets relative branches of a processor that is stepped; 10.0 does not.
        case byEmulator = "depends on the emulator"
    }

    public var singleSteps = SingleSteps.always
    /// The name of the architecture whose 32-bit programs its kernels run, too.
    public var compat: String?
    /// Tells whether the programs that are Swift run there: the suite, and the commands.
    public var runsSwift = false

    /// The architecture of the machine that the harness runs on.
    public static func ofHost() throws -> Architecture {
        #if arch(x86_64)
            return .x86
        #else
            throw HarnessError(
                "the harness runs on x86-64 only so far: the Swift programs of the guests would need a record here"
            )
        #endif
    }

    public static func named(_ name: String) throws -> Architecture {
        guard let architecture = all.first(where: { $0.name == name }) else {
            throw HarnessError(
                "unknown architecture '\(name)'; known: \(all.map(\.name).joined(separator: ", "))",
                status: .usage)
        }
        return architecture
    }
}
