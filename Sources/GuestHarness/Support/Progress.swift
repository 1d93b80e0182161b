// SPDX-License-Identifier: MIT

import Foundation
import Synchronization

/// Tells the user, on standard error, what is going on: stage, elapsed time, count.
///
/// On a terminal the line of the current stage is rewritten in place; elsewhere whole lines are
/// printed, at most one each ten seconds within a stage. Safe to use from any thread.
public final class Progress: Sendable {
    private struct Stage {
        var name: String
        var started = ContinuousClock.now
        var lastLine = ContinuousClock.now
    }

    private struct State {
        var finished: [(name: String, seconds: Double)] = []
        /// Those that go on, by number.
        var stages: [Int: Stage] = [:]
        var lastNumber = 0
        var lineIsOpen = false
    }

    /// The number of the stage that the current task is in.
    @TaskLocal private static var stageOfTask: Int?

    private let state = Mutex(State())
    private let isTerminal: Bool
    private let begin = ContinuousClock.now
    private let interval: Duration
    private let write: @Sendable (String) -> Void

    public convenience init() {
        self.init(isTerminal: isatty(STDERR_FILENO) == 1, interval: .seconds(10)) {
            FileHandle.standardError.write(Data($0.utf8))
        }
    }

    init(isTerminal: Bool, interval: Duration, write: @escaping @Sendable (String) -> Void) {
        self.isTerminal = isTerminal
        self.interval = interval
        self.write = write
    }

    /// Runs `body` as a stage. Stages do not nest; those of several tasks go on at the same time.
    public func stage<Result>(_ name: String, _ body: () async throws -> Result) async rethrows -> Result {
        let number = state.withLock {
            $0.lastNumber += 1
            $0.stages[$0.lastNumber] = Stage(name: name)
            return $0.lastNumber
        }
        print("\(name) …", keepOpen: true)
        do {
            let result = try await Self.$stageOfTask.withValue(number) { try await body() }
            finish(number, "done")
            return result
        } catch {
            finish(number, "failed")
            throw error
        }
    }

    /// Runs `body` as a stage that tells nothing on the way: lines with the elapsed time show that it goes on.
    ///
    /// - Parameter doing: the text of those lines.
    public func stage<Result>(
        _ name: String, _ doing: String, _ body: () async throws -> Result
    ) async rethrows -> Result {
        try await stage(name) {
            let clock = Task {
                while (try? await Task.sleep(for: min(interval, .seconds(1)))) != nil { update(doing) }
            }
            defer { clock.cancel() }
            return try await body()
        }
    }

    /// The stage of the current task got on: `detail` is its count or what it does now. On a thread that belongs to no
    /// task it is the stage that began last.
    public func update(_ detail: @autoclosure () -> String) {
        let now = ContinuousClock.now
        let line: String? = state.withLock {
            let pause = isTerminal ? Duration.milliseconds(100) : interval
            guard let number = Self.stageOfTask ?? $0.stages.keys.max(), let stage = $0.stages[number],
                now - stage.lastLine >= pause
            else { return nil }
            $0.stages[number]?.lastLine = now
            return "\(stage.name): \(detail()) (\(Self.format(now - stage.started)))"
        }
        if let line { print(line, keepOpen: true) }
    }

    /// A line that stays.
    public func note(_ text: String) {
        print(text, keepOpen: false)
    }

    /// The stages so far and the seconds each took, and all together.
    public var times: (stages: [(name: String, seconds: Double)], total: Double) {
        (state.withLock(\.finished), Self.seconds(.now - begin))
    }

    private func finish(_ number: Int, _ word: String) {
        let line = state.withLock { state -> String? in
            guard let stage = state.stages.removeValue(forKey: number) else { return nil }
            let took = ContinuousClock.now - stage.started
            state.finished.append((stage.name, Self.seconds(took)))
            return "\(stage.name): \(word) (\(Self.format(took)))"
        }
        if let line { print(line, keepOpen: false) }
    }

    private func print(_ line: String, keepOpen: Bool) {
        state.withLock {
            let start = isTerminal && $0.lineIsOpen ? "\r\u{1b}[K" : ""
            let end = isTerminal && keepOpen ? "" : "\n"
            $0.lineIsOpen = isTerminal && keepOpen
            write("\(start)harness: \(line)\(end)")
        }
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// `0.4 s`, `12 s`, `3 min 05 s`.
    public static func format(_ duration: Duration) -> String {
        format(seconds: seconds(duration))
    }

    public static func format(seconds: Double) -> String {
        if seconds < 10 { return String(format: "%.1f s", seconds) }
        if seconds < 120 { return String(format: "%.0f s", seconds) }
        return String(format: "%d min %02d s", Int(seconds) / 60, Int(seconds) % 60)
    }
}
