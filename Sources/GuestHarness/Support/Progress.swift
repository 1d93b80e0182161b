// SPDX-License-Identifier: MIT

import Foundation
import Synchronization

/// Tells the user, on standard error, what is going on: stage, elapsed time, count.
///
/// On a terminal the line of the current stage is rewritten in place; elsewhere whole lines are
/// printed, at most one each ten seconds within a stage. Safe to use from any thread.
public final class Progress: Sendable {
    private struct State {
        var stages: [(name: String, seconds: Double)] = []
        var stage: String?
        var started = ContinuousClock.now
        var lastLine = ContinuousClock.now
        var lineIsOpen = false
    }

    private let state = Mutex(State())
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let begin = ContinuousClock.now
    private let interval = Duration.seconds(10)

    public init() {}

    /// Runs `body` as a stage. Stages do not nest.
    public func stage<Result>(_ name: String, _ body: () async throws -> Result) async rethrows -> Result {
        state.withLock {
            $0.stage = name
            $0.started = .now
            $0.lastLine = .now
        }
        print("\(name) …", keepOpen: true)
        do {
            let result = try await body()
            finish(name, "done")
            return result
        } catch {
            finish(name, "failed")
            throw error
        }
    }

    /// The current stage got on: `detail` is its count or what it does now.
    public func update(_ detail: @autoclosure () -> String) {
        let now = ContinuousClock.now
        let line: String? = state.withLock {
            let pause = isTerminal ? Duration.milliseconds(100) : interval
            guard let stage = $0.stage, now - $0.lastLine >= pause else { return nil }
            $0.lastLine = now
            return "\(stage): \(detail()) (\(Self.format(now - $0.started)))"
        }
        if let line { print(line, keepOpen: true) }
    }

    /// A line that stays.
    public func note(_ text: String) {
        print(text, keepOpen: false)
    }

    /// The stages so far and the seconds each took, and all together.
    public var times: (stages: [(name: String, seconds: Double)], total: Double) {
        (state.withLock(\.stages), Self.seconds(.now - begin))
    }

    private func finish(_ name: String, _ word: String) {
        let took = state.withLock {
            let took = ContinuousClock.now - $0.started
            $0.stages.append((name, Self.seconds(took)))
            $0.stage = nil
            return took
        }
        print("\(name): \(word) (\(Self.format(took)))", keepOpen: false)
    }

    private func print(_ line: String, keepOpen: Bool) {
        state.withLock {
            let start = isTerminal && $0.lineIsOpen ? "\r\u{1b}[K" : ""
            let end = isTerminal && keepOpen ? "" : "\n"
            $0.lineIsOpen = isTerminal && keepOpen
            FileHandle.standardError.write(Data("\(start)harness: \(line)\(end)".utf8))
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
