// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// Builds and boots the kernels of an architecture, stock and patched, and runs what there is to be run on each.
public struct ArchitectureRun: Sendable {
    private let builders: Builders

    public init(_ builders: Builders) {
        self.builders = builders
    }

    /// Names of the architectures that have kernels of their own in the catalogue, in its order.
    public var architectures: [String] {
        var names: [String] = []
        for kernel in builders.catalogue.kernels {
            if let name = kernel.architecture, !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The kernels of an architecture: without the series, and with it.
    public func kernels(of architecture: String) throws -> [Catalogue.Kernel] {
        let kernels = builders.catalogue.kernels.filter { $0.architecture == architecture }
        guard !kernels.isEmpty else {
            throw HarnessError(
                "no kernel is for the architecture '\(architecture)'; there are: \(architectures.joined(separator: ", "))",
                status: .usage)
        }
        return kernels.sorted { !$0.patched && $1.patched }
    }

    /// Emulated, and with hundreds of unlocks to be held, one instruction each.
    private static let limit = Duration.seconds(3_600)

    public func run(on kernel: Catalogue.Kernel) async throws -> ArchitectureResult {
        let start = ContinuousClock.now
        let options = Builders.GuestOptions(bootLimit: .seconds(300), commandLimit: Self.limit)
        let selftests = try await SelftestRun(builders).run(on: [kernel], options: options)[0]
        let guest = try await builders.guest(kernel: kernel, image: .command, options: options)
        let compat = try await compatSelftest(on: kernel, in: guest)
        let race = try await builders.progress.stage("race on \(kernel.name)") {
            try await self.race(in: guest)
        }
        return ArchitectureResult(
            kernel: kernel.name, architecture: guest.architecture.name, patched: kernel.patched,
            release: selftests.release, call: race.call, selftests: selftests, compat: compat,
            race: race.scenarios, seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// The series' own test as a program of the 32-bit architecture whose programs the kernel runs.
    private func compatSelftest(
        on kernel: Catalogue.Kernel, in guest: Guest
    ) async throws -> SelftestRun.KernelRun? {
        guard let name = guest.architecture.compat else { return nil }
        guard let other = builders.catalogue.kernels.first(where: { $0.architecture == name && $0.patched })
        else {
            throw HarnessError("the catalogue has no patched kernel of \(name) to take the selftest from")
        }
        let run = SelftestRun(builders)
        let programs = try await run.build(for: other)
        return try await builders.progress.stage("32-bit selftest on \(kernel.name)") {
            try await run.run(programs, only: [SelftestPrograms.ofTheSeries], on: kernel, in: guest)
        }
    }

    private func race(in guest: Guest) async throws -> RaceOutput {
        let programs = GuestPrograms(
            repository: builders.repository, architecture: guest.architecture, progress: builders.progress)
        let race = try await programs.race()
        let victims = [try await programs.victimOfGlibc(), try await programs.victimOfMusl()]
        let directory = try RunDirectory(.architectures, in: builders.repository, kernel: guest.kernel.name)
        let request = GuestRequest(
            root: guest.architecture == builders.architecture ? .host : .imageWithHost,
            sharedDirectory: builders.repository.root.string, workingDirectory: "/tmp",
            environment: ["PATH=/bin:/usr/bin"], arguments: [race.string] + victims.map(\.string))
        let progress = builders.progress
        let held = Count()
        let transcript = try await guest.transcript(
            of: request, in: directory, onLine: { _ in progress.update("\(held.next()) lines of results") })
        try Files.write(Data(transcript.output + transcript.error), to: directory.suiteOutput)
        if let fault = transcript.outcome.faults.first {
            throw HarnessError("the kernel reported: \(fault.text); see \(directory.path)")
        }
        // 1: some boundary is not as required, which the report says.
        guard [0, 1].contains(transcript.outcome.status) else {
            let said = String(decoding: transcript.error, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw HarnessError(
                "the race on \(guest.kernel.name) came to no result: "
                    + (transcript.outcome.message
                        ?? (said.isEmpty ? "status \(transcript.outcome.status)" : said))
                    + "; see \(directory.path)")
        }
        return try RaceOutput(transcript.text)
    }
}
