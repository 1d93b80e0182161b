// SPDX-License-Identifier: MIT

import GuestProtocol
import SystemPackage

/// The way in which the guest's processor is provided.
public enum Accelerator: String, Sendable, CaseIterable, Codable {
    case kvm, tcg
}

/// Properties of the machine that a user may choose.
public struct MachineOptions: Equatable, Sendable {
    public var processors = 2
    /// In MiB.
    public var memory = 2048
    /// Appended to the kernel's command line.
    public var kernelArguments: [String] = []
    /// The guest's clock counts the instructions that it executes: one nanosecond each (`-icount shift=0`).
    /// Only with emulation, and with one processor: QEMU runs such a guest in a single thread.
    public var countsInstructions = false

    public init(
        processors: Int = 2, memory: Int = 2048, kernelArguments: [String] = [],
        countsInstructions: Bool = false
    ) {
        self.processors = processors
        self.memory = memory
        self.kernelArguments = kernelArguments
        self.countsInstructions = countsInstructions
    }

    /// Says which options exclude each other; nil when none do.
    ///
    /// - Parameter accelerator: as asked for, nil when none was.
    public func conflict(with accelerator: Accelerator?) -> String? {
        guard countsInstructions else { return nil }
        if accelerator == .kvm {
            return "instructions are counted under emulation only: KVM runs them on the processor itself"
        }
        if processors != 1 {
            return "instructions are counted on one processor only, not on \(processors)"
        }
        return nil
    }
}

/// The QEMU command line of one run.
struct QEMUCommand {
    var architecture: Architecture
    var accelerator: Accelerator
    var options: MachineOptions
    var kernel: FilePath
    var image: FilePath
    var console: FilePath
    /// Names the run, see ``PortSocket``.
    var run: String
    /// Directories of the host's that the guest may mount.
    var shares: [Share]

    struct Share {
        var tag: String
        var path: String
        var readOnly: Bool
    }

    /// An oops must end the guest, and the guest QEMU: `panic=-1` reboots at once, `-no-reboot` exits instead.
    private var kernelCommandLine: String {
        (["console=\(architecture.console)", "panic=-1", "oops=panic", "rdinit=/init"]
            + architecture.kernelArguments + options.kernelArguments).joined(separator: " ")
    }

    var tool: Tool {
        var arguments = [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", architecture.machine,
        ]
        switch accelerator {
        case .kvm: arguments += ["-accel", "kvm", "-cpu", architecture.acceleratedProcessor]
        case .tcg:
            let threads = options.countsInstructions ? "single" : "multi"
            arguments += ["-accel", "tcg,thread=\(threads)", "-cpu", architecture.emulatedProcessor]
        }
        if options.countsInstructions { arguments += ["-icount", "shift=0"] }
        arguments += [
            "-smp",
            "\(options.processors)"
                + (architecture.oneProcessorASocket ? ",sockets=\(options.processors)" : ""),
            "-m", "\(options.memory)M",
            "-kernel", kernel.string, "-initrd", image.string, "-append", kernelCommandLine,
            // QEMU writes the log, whether or not anybody reads the socket. The multiplexer turns C-a b into a break.
            "-chardev",
            "socket,id=console,\(PortSocket(consoleOf: run).backend),mux=on,logfile=\(Self.escaped(console.string))",
            "-serial", "chardev:console",
            // QEMU knows them by these names whatever bus the machine has.
            "-device", "virtio-rng", "-device", "virtio-serial",
        ]
        for port in GuestPort.allCases {
            let backend = PortSocket(port, run: run).backend
            arguments += [
                "-chardev", "socket,id=\(port.rawValue),\(backend)",
                "-device", "virtserialport,chardev=\(port.rawValue),name=\(port.name)",
            ]
        }
        for share in shares {
            var value =
                "local,path=\(Self.escaped(share.path)),mount_tag=\(share.tag),security_model=none,multidevs=remap"
            if share.readOnly { value += ",readonly=on" }
            arguments += ["-virtfs", value]
        }
        var tool = Tool(architecture.qemu, arguments)
        tool.deathSignal = "KILL"
        return tool
    }

    /// QEMU separates options by commas; a comma within a value is doubled.
    private static func escaped(_ value: String) -> String {
        value.replacing(",", with: ",,")
    }
}
