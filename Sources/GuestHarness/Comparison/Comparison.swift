// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import Synchronization
import SystemPackage

/// Runs every scenario of a plan on every kernel of it, the same way, and keeps what is finished.
public struct Comparison: Sendable {
    public let builders: Builders
    public let plan: ComparisonPlan

    public init(_ plan: ComparisonPlan, in builders: Builders) {
        self.plan = plan
        self.builders = builders
    }

    private var progress: Progress { builders.progress }
    var cells: FilePath { builders.repository.comparison.appending("cells") }
    private static let machine = MachineOptions()

    /// A kernel that takes part: ready to be booted, or why it is not.
    private struct Contestant {
        var compared: ComparedKernel
        /// nil: built by the user.
        var kernel: Catalogue.Kernel?
        var built: Result<BuiltKernel, any Error>
        var scenarios: [Scenario]
        var architecture: Architecture
    }

    /// The image of an architecture's guests, and its SHA-256.
    private struct Image {
        var path: FilePath
        var digest: String
    }

    /// - Parameter command: as the user typed it.
    public func run(command: [String]) async throws -> ComparisonReport {
        let start = Date()
        let images = try await makeImages()
        var contestants: [Contestant] = []
        for (index, kernel) in plan.kernels.enumerated() {
            let scenarios = plan.scenarios(onKernelAt: index)
            if !scenarios.isEmpty { contestants.append(try await contestant(kernel, scenarios)) }
        }
        for (index, built) in plan.images.enumerated() {
            let scenarios = plan.scenarios(onKernelAt: plan.kernels.count + index)
            if !scenarios.isEmpty { contestants.append(try await contestant(ownImage: built, scenarios)) }
        }
        let known = KnownCells(of: contestants.map(\.scenarios.count).reduce(0, +))
        for contestant in contestants {
            let image = images[contestant.architecture.name]!
            let store = CellStore(
                in: cells, kernel: contestant.compared, image: image.digest, quick: plan.quick)
            if plan.fresh { try contestant.scenarios.forEach(store.forget) }
            for unlocker in Scenario.Unlocker.allCases {
                let scenarios = contestant.scenarios.filter { $0.unlocker == unlocker }
                if !scenarios.isEmpty { try await run(scenarios, on: contestant, image, store, known) }
            }
        }
        return ComparisonReport(
            command: command, quick: plan.quick, started: start.timeIntervalSince1970,
            seconds: Date().timeIntervalSince(start),
            machine: .init(
                Self.machine,
                imageDigest: images.sorted { $0.key < $1.key }.map(\.value.digest).joined(separator: " ")),
            kernels: contestants.map(\.compared),
            cells: contestants.flatMap { contestant in
                contestant.scenarios.compactMap { known.cell($0, on: contestant.compared) }
            }, place: plan.place)
    }

    /// Makes the images of all architectures in the plan, by their names.
    private func makeImages() async throws -> [String: Image] {
        var architectures = plan.kernels.map { builders.kernels.architecture(of: $0) }
        if !plan.images.isEmpty { architectures.append(builders.architecture) }
        if architectures.contains(where: \.runsSwift) {
            try await builders.swift.buildStatic()
            try await ComparisonPrograms(of: plan).build(with: builders)
        }
        var images: [String: Image] = [:]
        for architecture in architectures where images[architecture.name] == nil {
            let path = try await builders.make(.race, for: architecture)
            images[architecture.name] = Image(path: path, digest: try await Digest.sha256(of: path))
        }
        return images
    }

    /// Builds a kernel. One that cannot be built is part of the comparison all the same: as one that shows nothing.
    private func contestant(
        _ kernel: Catalogue.Kernel, _ scenarios: [Scenario]
    ) async throws -> Contestant {
        let architecture = builders.kernels.architecture(of: kernel)
        do {
            let built = try await builders.kernels.build(kernel)
            let config = builders.kernels.configuration(of: kernel)
            return Contestant(
                compared: try await Self.describe(
                    built, patched: kernel.patched, config: config, architecture: architecture),
                kernel: kernel, built: .success(built), scenarios: scenarios, architecture: architecture)
        } catch let error as HarnessError where error.status != .usage {
            progress.note("\(kernel.name): \(error)")
            let compared = ComparedKernel(
                name: kernel.name, architecture: architecture.name, release: "not built",
                expected: .init(patched: kernel.patched, release: "", architecture: architecture),
                imageDigest: "", configDigest: nil)
            return Contestant(
                compared: compared, kernel: kernel, built: .failure(error), scenarios: scenarios,
                architecture: architecture)
        }
    }

    private func contestant(ownImage built: BuiltKernel, _ scenarios: [Scenario]) async throws -> Contestant {
        Contestant(
            compared: ComparedKernel(
                name: built.name, architecture: builders.architecture.name, release: built.release,
                expected: nil,
                imageDigest: try await Digest.sha256(of: built.image), configDigest: nil),
            built: .success(built), scenarios: scenarios, architecture: builders.architecture)
    }

    private static func describe(
        _ built: BuiltKernel, patched: Bool, config: FilePath, architecture: Architecture
    ) async throws -> ComparedKernel {
        ComparedKernel(
            name: built.name, architecture: architecture.name, release: built.release,
            expected: .init(patched: patched, release: built.release, architecture: architecture),
            imageDigest: try await Digest.sha256(of: built.image),
            configDigest: try await Digest.sha256(of: config))
    }

    /// Runs those scenarios of one kernel and one unlocker that are not finished, in as many guests as it takes.
    private func run(
        _ scenarios: [Scenario], on contestant: Contestant, _ image: Image, _ store: CellStore,
        _ known: KnownCells
    ) async throws {
        let kernel = contestant.compared
        var left: [Scenario] = []
        for scenario in scenarios {
            let kept = store.cell(of: scenario).map { ComparedCell($0, kernel: kernel, quick: plan.quick) }
            // A result with problems is tried again.
            if let kept, kept.problems.isEmpty { known.put(kept) } else { left.append(scenario) }
        }
        if left.count < scenarios.count {
            progress.note(
                "\(kernel.name), \(scenarios[0].unlocker.rawValue): \(scenarios.count - left.count) of \(scenarios.count)"
                    + " cells are finished already")
        }
        let giveUp = { (scenarios: [Scenario], reason: String) in
            for scenario in scenarios {
                known.put(ComparedCell(broken: reason, scenario: scenario, kernel: kernel))
            }
        }
        while !left.isEmpty {
            let built: BuiltKernel
            switch contestant.built {
            case .success(let kernel): built = kernel
            case .failure(let error): return giveUp(left, "the kernel could not be built: \(error)")
            }
            let ending = try await boot(
                built, of: contestant.kernel, image.path, for: left, on: kernel, store, known)
            let kernelDigest = try await Digest.sha256(of: built.image)
            let imageDigest = try await Digest.sha256(of: image.path)
            if kernelDigest != kernel.imageDigest || imageDigest != image.digest {
                // Its cells would be kept as those of files that were not booted.
                try left.filter { !ending.left.contains($0) }.forEach(store.forget)
                throw HarnessError(
                    "\(kernel.name): another run has built its kernel or its guests' image anew meanwhile; start again when that has ended"
                )
            }
            if let problem = ending.problem { progress.note("\(kernel.name): \(problem)") }
            if ending.isKernelFault {
                // Results from a kernel that reported a fault are worthless.
                let ran = left.filter { !ending.left.contains($0) }
                giveUp(ran, ending.problem ?? "the kernel reported a fault")
                try ran.forEach(store.forget)
            }
            if ending.left == left {
                // A guest that got nowhere would get nowhere again.
                return giveUp(left, ending.problem ?? "the guest did not run it")
            }
            left = ending.left
        }
    }

    private func boot(
        _ built: BuiltKernel, of own: Catalogue.Kernel?, _ image: FilePath, for scenarios: [Scenario],
        on kernel: ComparedKernel, _ store: CellStore, _ known: KnownCells
    ) async throws -> RaceGuest.Ending {
        let limit = RaceGuest.limit(for: scenarios.count)
        let guest = try await builders.guest(
            built, of: own, image: image,
            options: .init(machine: Self.machine, commandLimit: own?.scaled(limit) ?? limit))
        let directory = try RunDirectory(.compare, in: builders.repository, kernel: kernel.name)
        let stage = "\(kernel.name), \(scenarios[0].unlocker.rawValue): \(scenarios.count) cells"
        return try await progress.stage(stage) {
            try await RaceGuest(guest: guest, quick: plan.quick).run(
                scenarios, in: directory,
                begun: { progress.update("\(known.count) of \(known.all) in all; now \($0.identifier)") },
                ended: { scenario, result in
                    let cell = take(result, of: scenario, on: kernel, store)
                    known.put(cell)
                    progress.note(
                        "\(known.count) of \(known.all)  \(kernel.name)  \(scenario.identifier)  \(cell.cell.summary)"
                            + (cell.problems.isEmpty ? "" : "  WRONG"))
                })
        }
    }

    private func take(
        _ result: RaceGuest.Result, of scenario: Scenario, on kernel: ComparedKernel, _ store: CellStore
    ) -> ComparedCell {
        switch result {
        case .broken(let reason): return ComparedCell(broken: reason, scenario: scenario, kernel: kernel)
        case .finished(let finished):
            do { try store.keep(finished) } catch { progress.note("not kept: \(error)") }
            return ComparedCell(finished, kernel: kernel, quick: plan.quick)
        }
    }
}

/// The cells that have a result by now. Thread-safe.
private final class KnownCells: Sendable {
    private struct Place: Hashable {
        var kernel: String
        var scenario: Scenario
    }

    /// Number of cells that there will be.
    let all: Int
    private let cells = Mutex<[Place: ComparedCell]>([:])

    init(of all: Int) {
        self.all = all
    }

    var count: Int { cells.withLock { $0.count } }

    /// A later result of the same cell takes the place of an earlier one.
    func put(_ cell: ComparedCell) {
        cells.withLock { $0[Place(kernel: cell.kernel, scenario: cell.scenario)] = cell }
    }

    func cell(_ scenario: Scenario, on kernel: ComparedKernel) -> ComparedCell? {
        cells.withLock { $0[Place(kernel: kernel.name, scenario: scenario)] }
    }
}
