// SPDX-License-Identifier: MIT

/// The result of `./qemu/run --bench` on one kernel, the same twice in a row: `build/bench/KERNEL.json`.
public struct BenchRecord: Codable, Equatable, Sendable {
    /// Raised whenever a reader of the previous form would misunderstand.
    public static let currentSchema = 3

    public var schema: Int
    /// Name in the catalogue of kernels.
    public var kernel: String
    /// Digests of the kernel and the program that were measured: records of equal identity come from the same bytes.
    public var identity: String
    /// Repeats the measurement.
    public var command: String
    /// As the emulator names itself.
    public var emulator: String
    /// ISO 8601.
    public var date: String
    /// The last two of ``boots`` boots of the same kernel, independent of each other, with the same measurements.
    public private(set) var passes: [BenchReport]
    /// The number of boots until two in a row gave the same numbers, or until the limit was reached.
    public private(set) var boots: Int
    /// Instructions by which the kernel finds the system calls of these numbers; without those of which it is unknown.
    public var systemCallLookups: [Int: Int]?
    /// Calls of several processes at once, in another guest; nil when that was not measured.
    public var callers: CallersReport?

    public init(
        kernel: String, identity: String, command: String, emulator: String, date: String,
        passes: [BenchReport], systemCallLookups: [Int: Int]? = nil
    ) {
        schema = Self.currentSchema
        self.kernel = kernel
        self.identity = identity
        self.command = command
        self.emulator = emulator
        self.date = date
        self.passes = passes
        boots = passes.count
        self.systemCallLookups = systemCallLookups
    }

    /// Boots until two in a row give the same numbers, at least twice and at most `limit` times. Whether they do then
    /// is what ``unrepeatable`` says.
    ///
    /// - Parameter boot: is told its number, from 1, and what differed between the two boots before, when that is
    ///   why there is another one.
    public mutating func repeatUntilTheSameTwice(
        limit: Int, boot: (Int, [Difference]) async throws -> BenchReport
    ) async rethrows {
        repeat {
            let differing = passes.count == 2 ? unrepeatable : []
            let report = try await boot(boots + 1, differing)
            passes = passes.suffix(1) + [report]
            boots += 1
        } while boots < 2 || (!unrepeatable.isEmpty && boots < limit)
    }

    /// The relative difference that two boots may have under a clock that counts instructions.
    public static let tolerance = 0.01

    /// The first boot, whose numbers tables show.
    public var report: BenchReport { passes[0] }

    /// The difference between the boots in one cost.
    public struct Difference: Equatable, Sendable {
        public var name: String
        public var least: Double
        public var greatest: Double

        /// Of the greatest; 0 when that is 0.
        public var relative: Double { greatest > 0 ? (greatest - least) / greatest : 0 }
    }

    /// One for each measurement, also for those that some boot lacks: that one differs by everything.
    public var differences: [Difference] {
        var names: [String] = []
        for measurement in passes.flatMap(\.measurements)
        where measurement.skipped == nil && !names.contains(measurement.name) {
            names.append(measurement.name)
        }
        return names.map { name in
            let costs = passes.map { $0.cost(name) ?? 0 }
            return Difference(name: name, least: costs.min() ?? 0, greatest: costs.max() ?? 0)
        }
    }

    /// Those that are not the same number twice; empty is what makes the record worth anything.
    public var unrepeatable: [Difference] { differences.filter { $0.relative > Self.tolerance } }
}
