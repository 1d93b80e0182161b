// SPDX-License-Identifier: MIT

import Synchronization
import Testing

@testable import GuestHarness

@Suite(.timeLimit(.minutes(1))) struct DealtWorkTests {
    @Test(arguments: [1, 2, 3, 9])
    func everyThingGoesToTheHandWhoseTurnItIs(hands: Int) async throws {
        let results = try await DealtWork(to: hands).results(of: Array(10..<17)) { hand, thing in
            "\(thing) by \(hand)"
        }
        #expect(results == (0..<7).map { "\($0 + 10) by \($0 % hands)" })
    }

    @Test func handsWorkAtTheSameTime() async throws {
        // Each waits for the other: one after the other would never end.
        let (first, second) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let results = try await DealtWork(to: 2).results(of: [0, 1]) { hand, thing in
            (hand == 0 ? first : second).continuation.finish()
            for await _ in (hand == 0 ? second : first).stream {}
            return thing
        }
        #expect(results == [0, 1])
    }

    @Test func failureOfOneEndsTheOthers() async throws {
        let done = Mutex(0)
        await #expect(throws: HarnessError.self) {
            try await DealtWork(to: 2).results(of: Array(0..<100)) { hand, _ in
                if hand == 0 { throw HarnessError("no") }
                // Until the failure has come through.
                while !Task.isCancelled { await Task.yield() }
                done.withLock { $0 += 1 }
            }
        }
        #expect(done.withLock { $0 } <= 1)
    }
}
