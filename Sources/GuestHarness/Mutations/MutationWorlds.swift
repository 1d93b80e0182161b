// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Runs random worlds on mutations, and counts how many it takes until each is noticed.
public struct MutationWorlds: Sendable {
    private let run: MutationRun
    private let budget: Int
    private let guests: Int

    /// - Parameters:
    ///   - budget: the number of worlds after which an exploration gives up.
    ///   - guests: the number of mutations that are tried at the same time.
    public init(_ run: MutationRun, budget: Int, guests: Int) {
        self.run = run
        self.budget = budget
        self.guests = guests
    }

    /// The explorations of one mutation: for each the number of the world that failed; nil when none did in time.
    public struct Finding: Codable, Equatable, Sendable {
        public var mutation: String
        public var worlds: [Int?]
        /// The first objection of the model, or what else went wrong.
        public var reason: String?
        /// The reason why none can notice it, which its file gives.
        public var exemption: String?
        /// The time that guests ran.
        public var seconds = 0.0

        /// nil when half of the explorations or more noticed nothing.
        public var median: Int? {
            let middle = worlds.map { $0 ?? .max }.sorted()[worlds.count / 2]
            return middle == .max ? nil : middle
        }

        /// Noticed if it has to be, and not if its file says that it cannot be.
        public var isAsExpected: Bool { (median != nil) == (exemption == nil) }
    }

    /// The part of the budget that a mutation gets: a tenth where its file says that worlds cannot notice it. It is tried for
    /// the case that they can by now, and most of the others are noticed within that.
    static func share(of budget: Int, for mutation: Mutation?) -> Int {
        mutation?.notInWorlds == nil ? budget : max(1, budget / 10)
    }

    /// Far apart: explorations share no worlds.
    private static let firstSeeds = [1, 1_000_001, 2_000_001]
    private static let noMutation = "none"

    /// Builds and boots each, and the series without a mutation before them. Results are kept, as those of the tests are.
    ///
    /// - Throws: when worlds fail on the series itself: then they prove nothing.
    public func findings(for mutations: [Mutation]) async throws -> [Finding] {
        let suite = try await SuiteSources(repository: run.builders.repository, of: SuiteSources.worlds)
            .identity()
        let control = try await finding(of: nil, on: run.kernel, suite)
        guard control.worlds.allSatisfy({ $0 == nil }) else {
            throw HarnessError("worlds fail on the series without a mutation: \(control.reason ?? "")")
        }
        return try await run.each(of: mutations, guests: guests, [.bench]) { mutation, kernel in
            var finding = try await finding(of: mutation, on: kernel, suite)
            finding.exemption = mutation.notInWorlds
            return finding
        }
    }

    /// - Parameter mutation: nil for the series as it is.
    private func finding(
        of mutation: Mutation?, on kernel: Catalogue.Kernel, _ suite: [String]
    ) async throws -> Finding {
        let name = mutation?.name ?? Self.noMutation
        var builders = run.builders
        if let mutation { builders.seriesChange.further = [mutation.patch] }
        let kept = KeptResult<Finding>(of: "worlds-\(name)", in: run.results)
        let inputs =
            try await builders.kernels.inputs(of: run.kernel) + suite
            + ["\(Self.share(of: budget, for: mutation)) worlds"]
        return try await kept.value(for: inputs) { [builders] in
            try await explore(mutation, on: kernel, with: builders)
        }
    }

    private func explore(
        _ mutation: Mutation?, on kernel: Catalogue.Kernel, with builders: Builders
    ) async throws -> Finding {
        let name = mutation?.name ?? Self.noMutation
        let budget = Self.share(of: budget, for: mutation)
        // A world takes a fraction of a second on a busy machine.
        let limit = kernel.scaled(.seconds(300 + budget))
        let guest = try await builders.guest(
            kernel: kernel, image: .bench, options: .init(commandLimit: limit))
        var finding = Finding(mutation: name, worlds: [])
        let start = Date()
        for seed in Self.firstSeeds {
            let directory = try RunDirectory(
                .mutate, in: builders.repository, kernel: "\(kernel.name)-\(name)")
            let arguments = [
                "explore", "--worlds", "\(budget)", "--seed", "\(seed)", "--no-shrinking", "--complete",
            ]
            do {
                _ = try await builders.progress.stage("worlds on \(name), from \(seed)") {
                    try await MeasuringCommand(progress: builders.progress).text(
                        of: arguments, in: guest, directory)
                }
                finding.worlds.append(nil)
            } catch let error as HarnessError {
                try Task.checkCancellation()
                // No world was tried: the guest did not recognise the call.
                if error.description.contains("nothing ran") {
                    finding.worlds.append(nil)
                    finding.reason = finding.reason ?? "no world was tried: \(error)"
                    continue
                }
                let match = error.description.firstMatch(of: /world (\d+) \(\d+ s\), seed \d+: ([^\n]*)/)
                // A guest that went down has been noticed, too: in the first world, for all that is known.
                guard match != nil || [.timedOut, .kernelFault, .noReport].contains(error.status) else {
                    throw error
                }
                finding.worlds.append(match.flatMap { Int($0.1) } ?? 1)
                finding.reason = finding.reason ?? match.map { String($0.2) } ?? error.description
            }
            // Without a mutation each counts. With one, two decide the median; where its file says that worlds cannot
            // notice it, one that agrees is enough.
            guard let mutation else { continue }
            let enough = mutation.notInWorlds == nil ? Self.firstSeeds.count / 2 + 1 : 1
            if finding.worlds.count(where: { $0 == nil }) >= enough { break }
        }
        finding.seconds = Date().timeIntervalSince(start)
        return finding
    }
}
