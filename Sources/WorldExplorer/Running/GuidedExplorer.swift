// SPDX-License-Identifier: MIT

/// Makes programs of those that had the kernel do something new: a part of its code not executed before, or oftener in one
/// world than in any before.
///
/// As ``Explorer``, from one thread.
public struct GuidedExplorer {
    private let explorer: Explorer
    private let coverage: KernelCoverage
    private var generator: ProgramGenerator
    private var seed: UInt64
    private var before: [UInt64]
    /// Arcs of the code with the magnitude of how often a world took them.
    private var seen: Set<Feature> = []
    /// Programs that saw something first.
    public private(set) var kept: [WorldProgram] = []

    private struct Feature: Hashable {
        var arc: Int
        var magnitude: Int
    }

    /// The number of arcs that were taken.
    public var arcs: Int { Set(seen.map(\.arc)).count }

    public init(_ explorer: Explorer, _ coverage: KernelCoverage, seed: UInt64) throws {
        self.explorer = explorer
        self.coverage = coverage
        self.seed = seed
        generator = ProgramGenerator(seed: seed)
        before = try coverage.counts()
    }

    /// Carries out one more program; its failure, if it fails.
    public mutating func next() throws -> Failure? {
        let program = nextProgram()
        if let failure = explorer.failure(of: program) { return failure }
        let after = try coverage.counts()
        let features = zip(before, after).enumerated().compactMap { arc, counts in
            let count = counts.1 &- counts.0
            return count == 0
                ? nil : Feature(arc: arc, magnitude: min(UInt64.bitWidth - count.leadingZeroBitCount, 8))
        }
        before = after
        if !seen.isSuperset(of: features) {
            seen.formUnion(features)
            kept.append(program)
        }
        return nil
    }

    private mutating func nextProgram() -> WorldProgram {
        seed += 1
        guard let one = kept.randomElement(using: &generator.random),
            let other = kept.randomElement(using: &generator.random), seed % 4 != 0
        else {
            var fresh = ProgramGenerator(seed: seed)
            return fresh.program()
        }
        return generator.variation(of: one, and: other)
    }
}
