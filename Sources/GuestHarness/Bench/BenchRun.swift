// SPDX-License-Identifier: MIT

import BenchReport
import Foundation
import SystemPackage

/// Measures kernels: `robust-list-check bench` in guests whose clock counts instructions.
public struct BenchRun: Sendable {
    let builders: Builders
    /// Of cases; empty: all.
    let filters: [String]

    public init(_ builders: Builders, filters: [String] = []) {
        self.builders = builders
        self.filters = filters
    }

    /// The kernels that are measured by default: without the call, with it, and with it but without mm->owner.
    public static let kernels = ["stock-bench", "patched-bench", "patched-bench-nomemcg"]

    /// The same when the patched kernels are built from the user's own tree.
    public static let kernelsWithTree = ["stock-bench", "patched-bench"]

    /// The most boots that are tried to find two in a row that give the same numbers.
    ///
    /// In two guests rather than twice in one: what a boot decides by chance, where the kernel's data lie
    /// and in which order, must not show in the numbers either. Nearly always it does not, and the first two are
    /// the ones; but without mm->owner the call looks each process up in a hash table, and 4,000 lookups of which one
    /// in sixteen meets another entry on its way cost 1.6 % more than without.
    static let mostBoots = 5

    /// Enough for 4,000 processes. One processor, since that is what can count. Without random addresses, neither in
    /// processes, where they decide how many page tables a fork or an exec has to make, nor in the kernel, where
    /// they decide how long the chains of its hash tables are.
    private static let machine = MachineOptions(
        processors: 1, memory: 4096, kernelArguments: ["norandmaps", "nokaslr"], countsInstructions: true)

    /// Measures a kernel and, unless cases were chosen, leaves the record in `build/bench`.
    ///
    /// A boot that an interrupted run had finished is not repeated, as long as kernel and program are the same bytes.
    public func measure(_ kernel: Catalogue.Kernel) async throws -> BenchRecord {
        let options = Builders.GuestOptions(
            accelerator: .tcg, machine: Self.machine, bootLimit: .seconds(600), commandLimit: .seconds(3600))
        let guest = try await builders.guest(kernel: kernel, image: .bench, options: options)
        let identity = try await identity(of: guest)
        var record = BenchRecord(
            kernel: kernel.name, identity: identity,
            command: Self.command(for: kernel),
            emulator: try await emulator(), date: Date().formatted(.iso8601), passes: [])
        try await record.repeatUntilTheSameTwice(limit: Self.mostBoots) { number, differing in
            if !differing.isEmpty {
                builders.progress.note(
                    "bench on \(kernel.name): boots \(number - 2) and \(number - 1) differ by more than 1 % in "
                        + differing.map(\.name).joined(separator: ", "))
            }
            return try await pass(number, kernel.name, guest, identity)
        }
        record.systemCallLookups = try await SystemCallLookup.instructions(
            for: record.report.measurements.flatMap { $0.systemCalls ?? [] },
            in: builders.kernels.directory(of: kernel).appending("tree"))
        if filters.isEmpty {
            record.callers = try await callers(kernel)
            try Self.write(record, to: file("\(kernel.name).json"))
            for number in 1...Self.mostBoots { try Files.remove(passFile(number, kernel.name)) }
        }
        return record
    }

    /// The command that measures a kernel alone.
    static func command(for kernel: Catalogue.Kernel) -> String {
        guard let tree = kernel.tree else { return "./qemu/run --bench --bench-kernel \(kernel.name)" }
        let configured = kernel.name.dropLast(tree.shortName.count + 1)
        return "./qemu/run --bench --bench-kernel \(configured) --tree \(Tool.shellQuoted(tree.path.string))"
    }

    /// Measures a kernel's callers that call at once, and nothing else; leaves no file.
    public func callers(_ kernel: Catalogue.Kernel) async throws -> CallersReport? {
        try await CallersRun(builders).measure(kernel)
    }

    /// The record that was left earlier; nil when there is none, or one that is not understood any more.
    public static func record(of kernel: String, in repository: Repository) -> BenchRecord? {
        let path = repository.build.appending("bench").appending("\(kernel).json")
        guard let data = try? Files.read(path) else { return nil }
        let record = try? JSONDecoder().decode(BenchRecord.self, from: data)
        return record?.schema == BenchRecord.currentSchema ? record : nil
    }

    // MARK: One boot

    private struct Pass: Codable {
        var identity: String
        var report: BenchReport
    }

    private func pass(
        _ number: Int, _ kernel: String, _ guest: Guest, _ identity: String
    ) async throws -> BenchReport {
        let kept = passFile(number, kernel)
        if filters.isEmpty, let data = try? Files.read(kept),
            let pass = try? JSONDecoder().decode(Pass.self, from: data), pass.identity == identity
        {
            builders.progress.note("bench on \(kernel), boot \(number): kept from the run before")
            return pass.report
        }
        let report = try await builders.progress.stage("bench on \(kernel), boot \(number)") {
            try await run(guest, RunDirectory(.bench, in: builders.repository, kernel: kernel))
        }
        if filters.isEmpty { try Self.write(Pass(identity: identity, report: report), to: kept) }
        return report
    }

    private func run(_ guest: Guest, _ directory: RunDirectory) async throws -> BenchReport {
        let output = try await MeasuringCommand(progress: builders.progress).output(
            of: ["bench"] + filters.flatMap { ["--filter", $0] }, in: guest, directory)
        let report = try Self.decode(output)
        guard report.clock.unit == .instructions else {
            throw HarnessError(
                "the guest's clock does not count instructions: \(report.clock.evidence.joined(separator: "; "))"
            )
        }
        return report
    }

    /// Decodes the report that the guest printed.
    ///
    /// - Throws: when it is not a report, or one of another schema.
    static func decode(_ bytes: [UInt8]) throws -> BenchReport {
        do {
            let report = try JSONDecoder().decode(BenchReport.self, from: Data(bytes))
            guard report.schema == BenchReport.currentSchema else {
                throw HarnessError(
                    "the guest's report has schema \(report.schema), not \(BenchReport.currentSchema)")
            }
            return report
        } catch let error as DecodingError {
            throw HarnessError("the guest's report cannot be decoded: \(error)")
        }
    }

    // MARK: Files

    private func passFile(_ number: Int, _ kernel: String) -> FilePath {
        file(".\(kernel).boot-\(number).json")
    }

    private func file(_ name: String) -> FilePath {
        builders.repository.build.appending("bench").appending(name)
    }

    private static func write(_ value: some Encodable, to path: FilePath) throws {
        try Files.write(Files.json(value), to: path)
    }

    private func identity(of guest: Guest) async throws -> String {
        let files = [guest.kernel.image, builders.swift.products.robustListCheck].map(\.string)
        let sums = try await Tool("sha256sum", files).output().split(separator: "\n").map { $0.prefix(16) }
        return sums.joined(separator: "-")
    }

    private func emulator() async throws -> String {
        let output = try await Tool(builders.architecture.qemu, ["--version"]).output()
        return String(output.prefix { $0 != "\n" })
    }
}
