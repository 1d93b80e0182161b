// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import Testing

@testable import GuestHarness

@Suite struct ProgressTests {
    /// The lines that were written, without the times.
    private final class Lines: Sendable {
        private let text = Mutex("")

        func add(_ more: String) { text.withLock { $0 += more } }

        var all: [String] {
            text.withLock { $0 }.split(separator: "\n").map {
                String($0.trimmingPrefix("harness: ").prefix { $0 != "(" }).trimmingCharacters(
                    in: .whitespaces)
            }
        }
    }

    /// Lets one task wait for another.
    private static func gate() -> (stream: AsyncStream<Void>, open: AsyncStream<Void>.Continuation) {
        let (stream, open) = AsyncStream.makeStream(of: Void.self)
        return (stream, open)
    }

    @Test(.timeLimit(.minutes(1))) func stagesOfTwoTasksGoOnAtOnceAndAreToldApart() async throws {
        let lines = Lines()
        let progress = Progress(isTerminal: false, interval: .zero) { lines.add($0) }
        let secondBegan = Self.gate()
        let firstEnded = Self.gate()
        async let first: Void = progress.stage("kernel") {
            for await _ in secondBegan.stream {}
            // The other stage began later and still goes on.
            progress.update("1 object")
        }
        async let second: Void = progress.stage("swift") {
            secondBegan.open.finish()
            for await _ in firstEnded.stream {}
            progress.update("1 module")
        }
        await first
        firstEnded.open.finish()
        await second
        #expect(Set(lines.all.prefix(2)) == ["kernel …", "swift …"])
        #expect(
            lines.all.dropFirst(2) == ["kernel: 1 object", "kernel: done", "swift: 1 module", "swift: done"])
        #expect(progress.times.stages.map(\.name) == ["kernel", "swift"])
    }

    @Test func failedStageIsToldAsOneAndIsOver() async {
        struct Failure: Error {}
        let lines = Lines()
        let progress = Progress(isTerminal: false, interval: .zero) { lines.add($0) }
        await #expect(throws: Failure.self) { try await progress.stage("kernel") { throw Failure() } }
        progress.update("nothing goes on")
        #expect(lines.all == ["kernel …", "kernel: failed"])
    }

    /// Writes at most one line per interval when a line cannot be rewritten.
    @Test func updatesWithinTheIntervalAreLeftOut() async throws {
        let lines = Lines()
        let progress = Progress(isTerminal: false, interval: .seconds(3600)) { lines.add($0) }
        await progress.stage("kernel") { for count in 1...5 { progress.update("\(count) objects") } }
        #expect(lines.all == ["kernel …", "kernel: done"])
    }

    @Test(.timeLimit(.minutes(1))) func stageThatTellsNothingShowsThatItGoesOn() async throws {
        let lines = Lines()
        let told = Self.gate()
        let progress = Progress(isTerminal: false, interval: .milliseconds(1)) {
            lines.add($0)
            if lines.all.count == 3 { told.open.finish() }
        }
        await progress.stage("stress", "running") { for await _ in told.stream {} }
        #expect(lines.all.prefix(3) == ["stress …", "stress: running", "stress: running"])
        #expect(lines.all.last == "stress: done")
    }
}
