// SPDX-License-Identifier: MIT

/// The report that `robust-list-check race --json FILE` writes.
public struct RaceReport: Codable, Equatable, Sendable {
    public struct Schema: Codable, Equatable, Sendable {
        public var name: String
        /// Changes when a reader of the previous one would misread the file.
        public var version: Int

        public static let current = Schema(name: "robust-list-check race", version: 1)

        public init(name: String, version: Int) {
            self.name = name
            self.version = version
        }
    }

    public struct Kernel: Codable, Equatable, Sendable {
        /// As uname(2) gives them.
        public var release: String
        public var machine: String
        /// Tells whether cleanup_robust_list(2) is there and works.
        public var cleanupRobustList: Bool
        /// The finding about it, in words.
        public var detection: String
        /// Tells whether futex(2) knows `FUTEX_ROBUST_UNLOCK` and the vDSO exports the unlock functions.
        public var futexRobustUnlock: Bool

        public init(
            release: String, machine: String, cleanupRobustList: Bool, detection: String,
            futexRobustUnlock: Bool
        ) {
            self.release = release
            self.machine = machine
            self.cleanupRobustList = cleanupRobustList
            self.detection = detection
            self.futexRobustUnlock = futexRobustUnlock
        }
    }

    /// Whose unlock was held, as its program says of itself.
    public struct Library: Codable, Equatable, Sendable {
        public var unlocker: Scenario.Unlocker
        /// `glibc`, `musl`; of `robust-unlock` its own name.
        public var name: String
        /// nil where the library does not tell: musl has no way to ask.
        public var version: String?
        /// Of pointers: 32 or 64.
        public var bits: Int
        public var program: String

        public init(
            unlocker: Scenario.Unlocker, name: String, version: String?, bits: Int, program: String
        ) {
            self.unlocker = unlocker
            self.name = name
            self.version = version
            self.bits = bits
            self.program = program
        }
    }

    public var schema: Schema
    /// The command as it was called.
    public var command: [String]
    public var kernel: Kernel
    /// Those that could be started.
    public var libraries: [Library]
    /// One for each scenario chosen, in the order of ``Scenario/all``.
    public var cells: [Cell]
    /// Only boundaries in and right beside the race window were tried.
    public var quick: Bool
    /// Seconds since the epoch.
    public var started: Double
    /// Wall time.
    public var seconds: Double

    public init(
        command: [String], kernel: Kernel, libraries: [Library], cells: [Cell], quick: Bool, started: Double,
        seconds: Double
    ) {
        schema = .current
        self.command = command
        self.kernel = kernel
        self.libraries = libraries
        self.cells = cells
        self.quick = quick
        self.started = started
        self.seconds = seconds
    }
}
