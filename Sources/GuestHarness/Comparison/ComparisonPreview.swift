// SPDX-License-Identifier: MIT

import RaceReport
import SystemPackage

extension Comparison {
    /// Lists what a run would do, a line for each cell: builds nothing, boots nothing.
    ///
    /// Which cells are finished depends on the kernels and programs as they were built last.
    public func preview() async throws -> [String] {
        var lines: [String] = []
        var finished = 0
        var digests: [String: String] = [:]
        for (index, kernel) in try await plannedKernels().enumerated() {
            let architecture =
                plan.kernels.indices.contains(index)
                ? builders.kernels.architecture(of: plan.kernels[index]) : builders.architecture
            let image = builders.plannedImage(.race, for: architecture)
            if digests[architecture.name] == nil, Files.exists(image) {
                digests[architecture.name] = try await Digest.sha256(of: image)
            }
            let store = digests[architecture.name].map {
                CellStore(in: cells, kernel: kernel, image: $0, quick: plan.quick)
            }
            for scenario in plan.scenarios(onKernelAt: index) {
                let expectation = CellExpectation(of: scenario, on: kernel)
                let kept = store?.cell(of: scenario).flatMap { cell in
                    expectation.problems(with: cell.cell, quick: plan.quick).isEmpty ? cell : nil
                }
                if kept != nil { finished += 1 }
                let state = kept.map { "finished: \($0.cell.summary)" } ?? "to run; \(expectation.words)"
                lines.append("\(kernel.name)  \(scenario.identifier)  \(state)")
            }
        }
        let all = lines.count
        return lines + ["\(all) cells, \(finished) finished, \(all - finished) to run"]
    }

    private func plannedKernels() async throws -> [ComparedKernel] {
        var kernels: [ComparedKernel] = []
        for kernel in plan.kernels {
            let architecture = builders.kernels.architecture(of: kernel)
            let (state, release) = await builders.kernels.state(of: kernel)
            let version = try release ?? builders.sourceVersion(of: kernel)
            let image = await builders.kernels.planned(kernel).image
            kernels.append(
                ComparedKernel(
                    name: kernel.name, architecture: architecture.name, release: version ?? "",
                    expected: version.map {
                        .init(patched: kernel.patched, release: $0, architecture: architecture)
                    },
                    imageDigest: state == .current ? try await Digest.sha256(of: image) : "",
                    configDigest: nil))
        }
        for built in plan.images {
            kernels.append(
                ComparedKernel(
                    name: built.name, architecture: builders.architecture.name,
                    release: built.release, expected: nil,
                    imageDigest: try await Digest.sha256(of: built.image), configDigest: nil))
        }
        return kernels
    }
}
