// SPDX-License-Identifier: MIT

import Foundation
import RaceReport

/// A comparison as a file for other programs: `comparison.json`, described in qemu/README.md.
public struct ComparisonReport: Codable, Equatable, Sendable {
    public struct Schema: Codable, Equatable, Sendable {
        public var name: String
        /// Changes when a reader of the previous one would misread the file.
        public var version: Int

        public static let current = Schema(name: "robust-futex comparison", version: 1)
    }

    /// Properties that all guests had in common.
    public struct Machine: Codable, Equatable, Sendable {
        public var processors: Int
        /// In MiB.
        public var memory: Int
        /// SHA-256 of the guest's image: of all programs that took part.
        public var imageDigest: String

        public init(_ options: MachineOptions, imageDigest: String) {
            processors = options.processors
            memory = options.memory
            self.imageDigest = imageDigest
        }
    }

    public var schema = Schema.current
    /// As the user typed it.
    public var command: [String]
    public var quick: Bool
    /// Its place among the reports of other shards; nil for a whole comparison.
    public var place: ShardOfReport?
    /// Of this run, in seconds since 1970; a cell that was kept has a time of its own.
    public var started: Double
    public var seconds: Double
    public var machine: Machine
    public var kernels: [ComparedKernel]
    public var cells: [ComparedCell]
    public var groups: [ComparisonGroup]
    public var verdict: ComparisonVerdict

    public init(
        command: [String], quick: Bool, started: Double, seconds: Double, machine: Machine,
        kernels: [ComparedKernel], cells: [ComparedCell], remarks: [String] = [],
        place: ShardOfReport? = nil
    ) {
        self.command = command
        self.quick = quick
        self.started = started
        self.seconds = seconds
        self.machine = machine
        self.kernels = kernels
        self.cells = cells
        self.place = place
        groups = ComparisonGroup.all(of: cells, kernels: kernels)
        verdict = ComparisonVerdict(kernels: kernels, cells: cells, remarks: remarks, isWhole: place == nil)
    }

    /// Names of the kernels' architectures, in the kernels' order.
    var architectures: [String] {
        var names: [String] = []
        for kernel in kernels where !names.contains(kernel.architecture) { names.append(kernel.architecture) }
        return names
    }

    /// Parts of the report for each architecture, without a name where there is only one.
    func byArchitecture() -> [(name: String?, report: ComparisonReport)] {
        let names = architectures
        guard names.count > 1 else { return [(nil, self)] }
        return names.map { name in
            var part = self
            part.kernels = kernels.filter { $0.architecture == name }
            let own = Set(part.kernels.map(\.name))
            part.cells = cells.filter { own.contains($0.kernel) }
            part.groups = groups.filter { own.contains($0.kernel) }
            return (name, part)
        }
    }

    /// The kernel as one of its cells found it; nil when nothing was heard of any.
    func origin(of kernel: ComparedKernel) -> ComparedCell.Origin? {
        cells.lazy.filter { $0.kernel == kernel.name }.compactMap(\.origin).first
    }
}
