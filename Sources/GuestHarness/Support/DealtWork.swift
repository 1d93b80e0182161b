// SPDX-License-Identifier: MIT

/// Work that several hands do at the same time, to which it is dealt out in turn.
struct DealtWork {
    private let hands: Int

    init(to hands: Int) { self.hands = hands }

    /// The things of each hand.
    func shares<Thing>(of things: [Thing]) -> [[Thing]] {
        (0..<hands).map { hand in stride(from: hand, to: things.count, by: hands).map { things[$0] } }
    }

    /// Does `work` on all `things`. When it fails on one, the other hands end with the thing that they have.
    ///
    /// - Parameter work: is also told the number of the hand, from 0.
    /// - Returns: the results, in the order of the things.
    func results<Thing: Sendable, Result: Sendable>(
        of things: [Thing], _ work: @escaping @Sendable (Int, Thing) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: [(Int, Result)].self) { group in
            for (hand, share) in shares(of: Array(things.enumerated())).enumerated() {
                group.addTask {
                    var results: [(Int, Result)] = []
                    for (index, thing) in share {
                        try Task.checkCancellation()
                        results.append((index, try await work(hand, thing)))
                    }
                    return results
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
