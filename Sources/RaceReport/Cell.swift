// SPDX-License-Identifier: MIT

/// The result of one scenario on one kernel.
public struct Cell: Codable, Equatable, Sendable {
    public enum Verdict: String, Codable, Sendable {
        /// The reused memory was written to by the kernel, at one boundary at least.
        case corrupted
        /// It was not, at any boundary tried.
        case intact
        /// The kernel, the machine or the privilege is not there; `reason` says what is missing.
        case cannotRun = "cannot run"
        /// The scenario did not go as it must (a limit passed, a process ended early): it proves nothing.
        case broken
    }

    /// `scenario.identifier`, for readers of the JSON.
    public var identifier: String
    public var scenario: Scenario
    public var verdict: Verdict
    /// The reason why it is `cannot run` or `broken`; nil otherwise.
    public var reason: String?
    /// Boundaries of the unlock, as found by going through all of it once.
    public var boundaries: Int
    /// Those of them at which the futex word is released and `list_op_pending` still points to it.
    public var inWindow: Int
    /// Number of boundaries that were tried, each with a process of its own.
    public var tried: Int
    /// At how many of those tried the reused memory was written to.
    public var corrupted: Int
    /// At how many of those tried `pthread_mutex_destroy` waited for the unlock to end (``Boundary/Outcome/waits``).
    public var waits: Int
    /// All boundaries, in the order of execution.
    public var records: [Boundary]
    /// Observations that contradict what the kernel and the C library are known to do, one sentence each: with
    /// the legacy destroyer memory is written to exactly in the window, with cleanup_robust_list(2) never;
    /// where the lock is still held, its waiter gets `EOWNERDEAD`. Empty when all is as it must be.
    public var contradictions: [String]
    /// Wall time.
    public var seconds: Double

    public init(
        scenario: Scenario, verdict: Verdict, reason: String? = nil, boundaries: Int = 0, inWindow: Int = 0,
        tried: Int = 0, corrupted: Int = 0, waits: Int = 0, records: [Boundary] = [],
        contradictions: [String] = [],
        seconds: Double = 0
    ) {
        identifier = scenario.identifier
        self.scenario = scenario
        self.verdict = verdict
        self.reason = reason
        self.boundaries = boundaries
        self.inWindow = inWindow
        self.tried = tried
        self.corrupted = corrupted
        self.waits = waits
        self.records = records
        self.contradictions = contradictions
        self.seconds = seconds
    }

    /// The cell of a table: `corrupted 3 of 55`, `intact 55 of 55`, `cannot run: …`, `broken: …`.
    public var summary: String {
        switch verdict {
        case .corrupted: "corrupted \(corrupted) of \(tried)"
        case .intact: "intact \(tried) of \(tried)" + (waits > 0 ? " (destroy waits at \(waits))" : "")
        case .cannotRun, .broken: "\(verdict.rawValue): \(reason ?? "no reason given")"
        }
    }
}

/// One place between two steps of the unlock at which the unlocker was stopped.
public struct Boundary: Codable, Equatable, Sendable {
    /// From 0, in the order of execution.
    public var index: Int
    /// The instruction that was to be executed next: `pthread_mutex_unlock+0x1c`, `libc.so.6+0x91f3e`,
    /// or the system call, `futex(FUTEX_WAKE) entry`.
    public var location: String
    /// That instruction's bytes in hexadecimal, where it is known how long it is.
    public var bytes: String?
    /// The same in words, where a disassembler was there to be asked.
    public var mnemonic: String?
    /// The futex word, as it was.
    public var word: UInt32
    /// The futex word no longer names the unlocker as owner.
    public var released: Bool
    /// `list_op_pending` points to the futex word.
    public var pending: Bool
    /// The state of the reused memory afterwards; nil where it was not tried.
    public var outcome: Outcome?

    public enum Outcome: String, Codable, Sendable {
        case corrupted
        case intact
        /// The lock was still held, so that nobody could destroy it: `trylock` gave `EBUSY`, or a waiter was
        /// still waiting. Where another process shares it, the next to lock it got `EOWNERDEAD`.
        case held = "still held"
        /// Released, and yet `pthread_mutex_destroy` waits for the unlock to end: musl does so for unlocks of its
        /// own process. The memory cannot be put to another use meanwhile, so there is nothing to corrupt.
        case waits = "destroy waits"
    }

    public init(
        index: Int, location: String, bytes: String? = nil, mnemonic: String? = nil, word: UInt32,
        released: Bool, pending: Bool, outcome: Outcome? = nil
    ) {
        self.index = index
        self.location = location
        self.bytes = bytes
        self.mnemonic = mnemonic
        self.word = word
        self.released = released
        self.pending = pending
        self.outcome = outcome
    }

    public var inWindow: Bool { released && pending }
}
