// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import SystemPackage

/// Builds and boots the kernels of other architectures than the host's, stock and patched, and runs on each what there is
/// to be run.
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

    /// For a guest that may be of a big and slow machine, beside others.
    private static let options = Builders.GuestOptions(
        bootLimit: .seconds(300), commandLimit: .seconds(3_600))

    /// - Parameters:
    ///   - stressSeconds: for how long each patched kernel is stressed; 0: not at all.
    ///   - command: as the user typed it.
    public func run(
        on kernels: [Catalogue.Kernel], stressSeconds: Int, command: [String]
    ) async throws -> ArchitectureReport {
        var selftests: [SelftestRun.KernelRun] = []
        var compat: [SelftestRun.KernelRun] = []
        var stress: [StressRun] = []
        // One after the other: what fails on the first is known before the last is built.
        for kernel in kernels {
            selftests += try await SelftestRun(builders).run(on: [kernel], options: Self.options)
            if let run = try await compatSelftest(on: kernel) { compat.append(run) }
            if kernel.patched, stressSeconds > 0 {
                stress.append(try await self.stress(kernel, seconds: stressSeconds))
            }
        }
        let plan = try ComparisonPlan(
            names: kernels.map(\.name), images: [], pattern: nil, quick: false, fresh: false,
            catalogue: builders.catalogue)
        let comparison = try await Comparison(plan, in: builders).run(command: command)
        return ArchitectureReport(
            selftests: selftests, compat: compat, stress: stress, comparison: comparison)
    }

    private func stress(_ kernel: Catalogue.Kernel, seconds: Int) async throws -> StressRun {
        var options = Self.options
        options.commandLimit = options.commandLimit! + .seconds(seconds)
        let guest = try await builders.guest(kernel: kernel, image: .command, options: options)
        return try await builders.progress.stage("stress on \(kernel.name)") {
            try await StressRun.run(builders, in: guest, seconds: seconds)
        }
    }

    /// The series' own test as a program of the 32-bit architecture whose programs the kernel runs.
    private func compatSelftest(on kernel: Catalogue.Kernel) async throws -> SelftestRun.KernelRun? {
        guard let name = builders.kernels.architecture(of: kernel).compat else { return nil }
        guard let other = builders.catalogue.kernels.first(where: { $0.architecture == name && $0.patched })
        else {
            throw HarnessError("the catalogue has no patched kernel of \(name) to take the selftest from")
        }
        let run = SelftestRun(builders)
        let programs = try await run.build(for: other)
        let guest = try await builders.guest(kernel: kernel, image: .command, options: Self.options)
        return try await builders.progress.stage("32-bit selftest on \(kernel.name)") {
            try await run.run(programs, only: [SelftestPrograms.ofTheSeries], on: kernel, in: guest)
        }
    }
}
