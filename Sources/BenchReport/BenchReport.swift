// SPDX-License-Identifier: MIT

/// The measurements of `robust-list-check bench` on one kernel, in one boot.
///
/// Values only, without dependencies: the guest writes it, the host reads it.
public struct BenchReport: Codable, Equatable, Sendable {
    /// Raised whenever a reader of the previous form would misunderstand.
    public static let currentSchema = 2

    public var schema: Int
    public var kernel: Kernel
    public var clock: Clock
    public var measurements: [Measurement]
    /// One for each series of measurements with at least three points.
    public var lines: [FittedLine]

    public init(kernel: Kernel, clock: Clock, measurements: [Measurement]) {
        schema = Self.currentSchema
        self.kernel = kernel
        self.clock = clock
        self.measurements = measurements
        lines = FittedLine.all(of: measurements)
    }

    public struct Kernel: Codable, Equatable, Sendable {
        /// As uname(2) gives them.
        public var release: String
        public var machine: String
        /// True when the kernel has cleanup_robust_list(2), found out by calling it.
        public var hasCleanupRobustList: Bool

        public init(release: String, machine: String, hasCleanupRobustList: Bool) {
            self.release = release
            self.machine = machine
            self.hasCleanupRobustList = hasCleanupRobustList
        }
    }

    /// The clock whose unit every cost in the report is in.
    public struct Clock: Codable, Equatable, Sendable {
        public enum Unit: String, Codable, Sendable {
            /// Instructions that the guest executed, in user space and in the kernel.
            case instructions
            /// Elapsed time.
            case nanoseconds
        }

        public var unit: Unit
        /// The evidence for the unit, in sentences.
        public var evidence: [String]
        /// The cost of reading the clock twice with nothing in between; subtracted from every sample.
        public var overhead: Double

        public init(unit: Unit, evidence: [String], overhead: Double) {
            self.unit = unit
            self.evidence = evidence
            self.overhead = overhead
        }
    }

    /// The measurement of that name, if it was asked for.
    public func measurement(_ name: String) -> Measurement? {
        measurements.first { $0.name == name }
    }

    /// See ``Summary/decile``; nil when it was not measured.
    public func cost(_ name: String) -> Double? {
        measurement(name)?.cost?.decile
    }

    public func line(_ series: String) -> FittedLine? {
        lines.first { $0.series == series }
    }
}

/// One thing that was measured, or why it was not.
public struct Measurement: Codable, Equatable, Sendable {
    public enum Group: String, Codable, CaseIterable, Sendable {
        /// cleanup_robust_list(2).
        case call
        /// Well-known system calls, to compare with.
        case yardstick
        /// The work that a program would have to do without the call.
        case emulation
        /// Everyday operations, which the call must not make more expensive.
        case bystander
        /// The unlock side: the legacy sequence and that of Linux 7.2.
        case unlock
    }

    /// Unique in a report: the series and the point, as in `own-threads/16`, or a name alone.
    public var name: String
    public var group: Group
    public var title: String
    /// The place of the measurement on an axis; nil when it is not one of a series.
    public var point: Point?
    public var cost: Summary?
    /// The reason why there is no cost; nil when there is one.
    public var skipped: String?
    /// The numbers of the system calls that it makes, where it makes few.
    public var systemCalls: [Int]?

    public struct Point: Codable, Equatable, Sendable {
        public var series: String
        /// The unit that is counted on the axis, in the singular: "thread".
        public var unit: String
        public var x: Double

        public init(series: String, unit: String, x: Double) {
            self.series = series
            self.unit = unit
            self.x = x
        }
    }

    public init(
        name: String, group: Group, title: String, point: Point? = nil, cost: Summary? = nil,
        skipped: String? = nil, systemCalls: [Int]? = nil
    ) {
        self.name = name
        self.group = group
        self.title = title
        self.point = point
        self.cost = cost
        self.skipped = skipped
        self.systemCalls = systemCalls
    }
}
