// SPDX-License-Identifier: MIT

import RaceReport

/// The required result of a cell of the comparison, and the reason for it. The only place that says so.
public enum CellExpectation: Equatable, Sendable {
    /// Memory is written to at every boundary in the race window that was tried, and at no other.
    case corrupted
    /// It is written to at no boundary.
    case intact
    /// It cannot run: the kernel lacks something, named here.
    case cannotRun(String)
    /// Any result is fine: the kernel is the user's own.
    case anything
    /// As expected otherwise, unless the program found out that it cannot step.
    indirect case ifStepsAreRight(CellExpectation)

    public init(of scenario: Scenario, on kernel: ComparedKernel) {
        guard let abilities = kernel.expected else {
            self = .anything
            return
        }
        if scenario.technique == .singleStep, abilities.singleSteps == .byEmulator {
            var kernel = kernel
            kernel.expected?.singleSteps = nil
            self = .ifStepsAreRight(CellExpectation(of: scenario, on: kernel))
            return
        }
        if scenario.unlocker == .robustUnlock, !abilities.futexRobustUnlock {
            self = .cannotRun("FUTEX_ROBUST_UNLOCK came with Linux 7.2")
        } else if scenario.technique == .singleStep, abilities.singleSteps == .never {
            self = .cannotRun("the architecture has no single steps")
        } else if scenario.destroyer == .cleanup, !abilities.cleanupRobustList {
            self = .cannotRun("the series is not applied")
        } else if scenario.destroyer == .cleanup || !scenario.unlocker.isLegacy
            || scenario.destroyer.isLeftToLibrary && abilities.cleanupRobustList
            || Self.neverStopsInWindow(scenario) || Self.destroyWaits(scenario)
        {
            self = .intact
        } else {
            self = .corrupted
        }
    }

    /// musl wakes waiters after it has cleared `list_op_pending`: a contended unlock of it makes no system call
    /// inside the window. (One with priority inheritance does: the call that releases the lock.)
    private static func neverStopsInWindow(_ scenario: Scenario) -> Bool {
        scenario.unlocker == .musl && scenario.variant == .contended && scenario.technique != .singleStep
    }

    /// musl's `pthread_mutex_destroy` waits until no thread of its own process is unlocking.
    private static func destroyWaits(_ scenario: Scenario) -> Bool {
        scenario.unlocker == .musl && scenario.memory == .remapped
    }

    /// In a word or two, for a plan.
    public var words: String {
        switch self {
        case .corrupted: "must be corrupted in the window, and nowhere else"
        case .intact: "must be intact"
        case .cannotRun(let why): "cannot run: \(why)"
        case .anything: "no expectation"
        case .ifStepsAreRight(let expectation):
            "\(expectation.words), or cannot run: the emulator's single steps go wrong"
        }
    }

    /// Problems of `cell`, one sentence each; empty when its result is the expected one.
    public func problems(with cell: Cell, quick: Bool) -> [String] {
        switch (self, cell.verdict) {
        case (.ifStepsAreRight, .cannotRun) where cell.reason?.hasPrefix("single steps go wrong") == true:
            return []
        case (.ifStepsAreRight(let expectation), _): return expectation.problems(with: cell, quick: quick)
        case (.anything, .broken): return [cell.summary]
        case (.anything, _): return []
        case (_, .broken): return [cell.summary]
        case (.cannotRun, .cannotRun): return []
        case (.cannotRun(let why), _): return ["\(cell.summary), though it cannot run: \(why)"]
        case (_, .cannotRun): return [cell.summary]
        case (.corrupted, .intact): return ["\(cell.summary): the bug does not show"] + flaws(of: cell, quick)
        case (.intact, .corrupted): return [cell.summary] + flaws(of: cell, quick)
        case (.corrupted, .corrupted), (.intact, .intact): return flaws(of: cell, quick)
        }
    }

    /// Findings that make a cell that ran worthless, or that contradict the rule of the window.
    private func flaws(of cell: Cell, _ quick: Bool) -> [String] {
        let tried = cell.records.filter { $0.outcome != nil }
        let hit = cell.records.filter { $0.outcome == .corrupted }
        let window = cell.records.filter(\.inWindow)
        var flaws: [String] = []
        if tried.isEmpty { flaws.append("no boundary was tried") }
        let told = (cell.boundaries, cell.inWindow, cell.tried, cell.corrupted)
        if told != (cell.records.count, window.count, tried.count, hit.count) {
            flaws.append("its counts are not those of its records")
        }
        if (cell.verdict == .corrupted) != !hit.isEmpty {
            flaws.append("its verdict is not that of its records")
        }
        let everything = quick || cell.scenario.windowOnly ? window : cell.records
        let left = everything.filter { $0.outcome == nil }
        if !left.isEmpty { flaws.append("not tried: \(Self.list(left))") }
        // Without one, an intact cell has shown nothing.
        if window.isEmpty, cell.scenario.unlocker.isLegacy, !Self.neverStopsInWindow(cell.scenario) {
            flaws.append("no boundary lies in the race window")
        }
        if self == .intact, !Self.destroyWaits(cell.scenario) {
            let unseen = window.filter {
                $0.outcome != nil && $0.outcome != .intact && $0.outcome != .corrupted
            }
            if !unseen.isEmpty { flaws.append("in the window and not looked at: \(Self.list(unseen))") }
        }
        if self == .corrupted {
            let spared = window.filter { $0.outcome != nil && $0.outcome != .corrupted }
            if !spared.isEmpty { flaws.append("in the window and not corrupted: \(Self.list(spared))") }
            let outside = hit.filter { !$0.inWindow }
            if !outside.isEmpty { flaws.append("corrupted outside of the window: \(Self.list(outside))") }
        } else if !hit.isEmpty {
            flaws.append("corrupted: \(Self.list(hit))")
        }
        return flaws + cell.contradictions
    }

    private static func list(_ boundaries: [Boundary]) -> String {
        let shown = boundaries.prefix(5).map { "\($0.index) (\($0.location))" }.joined(separator: ", ")
        return "boundary \(shown)" + (boundaries.count > 5 ? " and \(boundaries.count - 5) more" : "")
    }
}
