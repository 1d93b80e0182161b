// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// Finds out whether KVM boots a guest here. `/dev/kvm` alone proves nothing: on some machines it
/// is there, and QEMU hangs in the firmware or aborts.
public struct AcceleratorProbe: Sendable {
    public struct Finding: Codable, Equatable, Sendable {
        public var accelerator: Accelerator
        public var reason: String
        /// The machine's boot during which this was found: an answer does not outlive it.
        var boot: String
    }

    let repository: Repository
    let progress: Progress

    /// Time in which KVM has to bring up init; it takes about a second.
    private static let limit = Duration.seconds(8)

    public init(repository: Repository, progress: Progress) {
        self.repository = repository
        self.progress = progress
    }

    private var cache: FilePath { repository.build.appending("accelerator.json") }

    /// The result of an earlier probe.
    var known: Accelerator? {
        (try? JSONDecoder().decode(Finding.self, from: Files.read(cache)))?.accelerator
    }

    /// The accelerator to use, and why in a few words.
    public func choose(architecture: Architecture, kernel: BuiltKernel, image: FilePath) async throws
        -> Finding
    {
        let boot = try String(decoding: Files.read("/proc/sys/kernel/random/boot_id"), as: UTF8.self)
        if access("/dev/kvm", R_OK | W_OK) != 0 {
            return Finding(
                accelerator: .tcg, reason: "no access to /dev/kvm: \(String(cString: strerror(errno)))",
                boot: boot)
        }
        if let data = try? Files.read(cache), let known = try? JSONDecoder().decode(Finding.self, from: data),
            known.boot == boot
        {
            return known
        }
        let finding = try await progress.stage("trying KVM") {
            let run = try RunDirectory(.probe, in: repository, kernel: "kvm")
            let guest = Guest(
                architecture: architecture, accelerator: .kvm, options: MachineOptions(), kernel: kernel,
                image: image, bootLimit: Self.limit, commandLimit: .seconds(5))
            let request = GuestRequest(
                root: .image, workingDirectory: "/", environment: [], arguments: ["/bin/busybox", "true"])
            let sinks = Guest.Sinks(output: { _ in }, error: { _ in })
            let outcome = try await guest.run(request, in: run, sinks: sinks)
            return outcome.status == 0
                ? Finding(accelerator: .kvm, reason: "it boots a guest here", boot: boot)
                : Finding(
                    accelerator: .tcg,
                    reason: "/dev/kvm is there, but a guest does not come up with it", boot: boot)
        }
        try Files.write(JSONEncoder().encode(finding), to: cache)
        return finding
    }
}
