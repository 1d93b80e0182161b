// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Holds mutations against random worlds: after how many of them each is noticed.
public struct MutationWorlds: Sendable {
    private let run: MutationRun
    private let secondsEach: Int

    /// - Parameter secondsEach: after which an exploration gives up.
    public init(_ run: MutationRun, secondsEach: Int) {
        self.run = run
        self.secondsEach = secondsEach
    }

    /// The explorations of one mutation: for each the number of the world that failed; nil when none did in time.
    public struct Finding: Codable, Equatable, Sendable {
        public var mutation: String
        public var worlds: [Int?]
        /// The first objection of the model.
        public var reason: String?

        /// nil when half of the explorations or more noticed nothing.
        public var median: Int? {
            let middle = worlds.map { $0 ?? .max }.sorted()[worlds.count / 2]
            return middle == .max ? nil : middle
        }
    }

    /// Far apart: explorations share no worlds.
    private static let firstSeeds = [1, 1_000_001, 2_000_001]

    /// Builds and boots each. Results are kept, as those of the tests are.
    public func findings(for mutations: [Mutation]) async throws -> [Finding] {
        let suite = try await SuiteSources(repository: run.builders.repository, of: SuiteSources.worlds)
            .identity()
        var findings: [Finding] = []
        for (index, mutation) in mutations.enumerated() {
            run.builders.progress.note("mutation \(index + 1) of \(mutations.count): \(mutation.name)")
            var builders = run.builders
            builders.seriesChange.further = [mutation.patch]
            let kept = KeptResult<Finding>(of: "worlds-\(mutation.name)", in: run.results)
            let inputs =
                try await builders.kernels.inputs(of: run.kernel) + suite + ["\(secondsEach)"]
            findings.append(
                try await kept.value(for: inputs) { try await explore(mutation, with: builders) })
        }
        return findings
    }

    private func explore(_ mutation: Mutation, with builders: Builders) async throws -> Finding {
        let guest = try await builders.guest(kernel: run.kernel, image: .bench, options: .init())
        var finding = Finding(mutation: mutation.name, worlds: [])
        for seed in Self.firstSeeds {
            let directory = try RunDirectory(
                .mutate, in: builders.repository, kernel: "\(run.kernel.name)-\(mutation.name)")
            let arguments = ["explore", "--seconds", "\(secondsEach)", "--seed", "\(seed)", "--no-shrinking"]
            do {
                _ = try await builders.progress.stage("worlds on \(mutation.name), from \(seed)") {
                    try await MeasuringCommand(progress: builders.progress).text(
                        of: arguments, in: guest, directory)
                }
                finding.worlds.append(nil)
            } catch let error as HarnessError {
                try Task.checkCancellation()
                // Where the call is not recognised no world was tried.
                if error.description.contains("nothing ran") {
                    finding.worlds.append(nil)
                    finding.reason = finding.reason ?? "no world was tried: \(error)"
                    continue
                }
                let match = error.description.firstMatch(of: /world (\d+) \(\d+ s\), seed \d+: ([^\n]*)/)
                // A guest that went down has been noticed, too: in the first world, for all that is known.
                finding.worlds.append(match.flatMap { Int($0.1) } ?? 1)
                finding.reason = finding.reason ?? match.map { String($0.2) } ?? error.description
            }
        }
        return finding
    }

    /// The rows of a table, the first one with the headings.
    public static func rows(of findings: [Finding]) -> [[String]] {
        [["MUTATION", "WORLDS", "MEDIAN", "NOTICED FIRST"]]
            + findings.map { finding in
                [
                    finding.mutation,
                    finding.worlds.map { $0.map(String.init) ?? "-" }.joined(separator: " "),
                    finding.median.map(String.init) ?? "-", String((finding.reason ?? "").prefix(100)),
                ]
            }
    }
}
