// SPDX-License-Identifier: MIT

import RaceReport
import SystemPackage

/// The kernels and scenarios that a user asked to have compared.
public struct ComparisonPlan: Sendable {
    public var kernels: [Catalogue.Kernel]
    /// Built by the user.
    public var images: [BuiltKernel]
    public var scenarios: [Scenario]
    /// Only boundaries in and beside the race window are tried.
    public var quick: Bool
    /// Finished cells are forgotten first.
    public var fresh: Bool
    /// The part of the cells that is run; nil: all.
    public var shard: Shard?

    /// - Parameters:
    ///   - names: of kernels in the catalogue. Empty: stock and patched of every base, unless there are images or a
    ///     tree; with a tree the stock kernel of its base.
    ///   - tree: of the user's own; the kernel built from it as it is takes part.
    ///   - images: paths of bzImages.
    ///   - pattern: a regular expression that the identifier of a scenario matches; nil: the standard ones, or
    ///   - all: every one.
    /// - Throws: what the user got wrong, with what there is.
    public init(
        names: [String], tree: GivenTree? = nil, images: [FilePath], pattern: String?, all: Bool = false,
        quick: Bool,
        fresh: Bool, shard: Shard? = nil, catalogue: Catalogue
    ) throws {
        let own = try tree.map(catalogue.kernel(from:))
        if names.isEmpty, images.isEmpty {
            kernels = Self.standard(of: catalogue)
            if let own { kernels.removeAll { $0.patched || $0.base != own.base } }
        } else {
            kernels = try names.map(catalogue.kernel(named:))
        }
        if let own { kernels.append(own) }
        self.images = try images.map(KernelImageFile.kernel(at:))
        var seen: Set<String> = []
        for name in kernels.map(\.name) + self.images.map(\.name) where !seen.insert(name).inserted {
            throw HarnessError("two kernels called '\(name)' cannot be told apart in a table", status: .usage)
        }
        scenarios = try Self.scenarios(matching: pattern, all: all)
        self.quick = quick
        self.fresh = fresh
        self.shard = shard
        try shard?.requireWork(cellCount, "cells")
    }

    /// The names of the kernels in the catalogue and of those built by the user.
    private var kernelNames: [String] { kernels.map(\.name) + images.map(\.name) }

    /// The number of cells in all shards.
    private var cellCount: Int { kernelNames.count * scenarios.count }

    /// The scenarios that are run on a kernel: of neighbouring cells, so that a shard has few kernels to build.
    ///
    /// - Parameter index: of the kernel, among those of the catalogue and then those built by the user.
    func scenarios(onKernelAt index: Int) -> [Scenario] {
        let possible = part(ofKernelAt: index)
        guard kernels.indices.contains(index), kernels[index].architecture != nil else { return possible }
        return possible.filter(Scenario.anyArchitecture.contains)
    }

    private func part(ofKernelAt index: Int) -> [Scenario] {
        guard let shard else { return scenarios }
        let first = index * scenarios.count
        let part = shard.range(of: cellCount).clamped(to: first..<first + scenarios.count)
        return part.map { scenarios[$0 - first] }
    }

    /// The place of this plan's report among those of the other shards; nil without shards.
    var place: ShardOfReport? {
        shard.map {
            let cells = kernelNames + scenarios.map(\.identifier) + [quick ? "quick" : "whole"]
            return ShardOfReport(
                shard: $0, all: cellCount, plan: Digest.mark(of: cells.joined(separator: "\n")))
        }
    }

    /// Stock and patched of every base, for the host's architecture and without options of their own.
    static func standard(of catalogue: Catalogue) -> [Catalogue.Kernel] {
        catalogue.bases.flatMap { base in
            let own = catalogue.kernels.filter {
                $0.base == base.name && $0.config.isEmpty && $0.architecture == nil
            }
            return own.filter { !$0.patched } + own.filter(\.patched)
        }
    }

    private static func scenarios(matching pattern: String?, all: Bool) throws -> [Scenario] {
        guard let pattern else { return all ? Scenario.all : Scenario.standard }
        let expression: Regex<AnyRegexOutput>
        do {
            expression = try Regex(pattern)
        } catch {
            throw HarnessError(
                "--scenarios '\(pattern)' is not a regular expression: \(error)", status: .usage)
        }
        let chosen = Scenario.all.filter { $0.identifier.firstMatch(of: expression) != nil }
        guard chosen.isEmpty else { return chosen }
        func known<Part: RawRepresentable<String> & CaseIterable>(_ parts: Part.Type) -> String {
            parts.allCases.map(\.rawValue).joined(separator: "|")
        }
        let form = [
            known(Scenario.Technique.self), known(Scenario.Unlocker.self), known(Scenario.Variant.self),
            known(Scenario.Memory.self), known(Scenario.Killer.self), known(Scenario.Destroyer.self),
        ].joined(separator: " / ")
        throw HarnessError(
            "no scenario matches --scenarios '\(pattern)'; identifiers are made of \(form)", status: .usage)
    }
}
