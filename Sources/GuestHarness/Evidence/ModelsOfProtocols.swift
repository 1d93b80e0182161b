// SPDX-License-Identifier: MIT

/// All models of the call's protocols, as evidence.
public struct ModelsOfProtocols {
    private let builders: Builders

    public init(_ builders: Builders) {
        self.builders = builders
    }

    public func run() async throws -> (figures: String, isGood: Bool) {
        let progress = builders.progress
        let outcome = try await progress.stage("models") {
            try await ModelCheck(of: builders.repository).run { progress.update(String($0)) }
        }
        for problem in outcome.problems { progress.note("FAILED \(problem)") }
        return (
            "\(outcome.passed) passed, \(outcome.problems.count) failed, \(outcome.skipped) skipped",
            outcome.problems.isEmpty
        )
    }
}
