// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Builds mutations of the series and finds out which tests notice them: the syscall suite, and the selftest
/// that the series brings to the kernel tree.
public struct MutationRun: Sendable {
    let builders: Builders
    /// The kernel that is mutated, under the name of the mutants: they share a tree, in which only what a
    /// mutation changes is compiled again.
    let kernel: Catalogue.Kernel

    public init(_ builders: Builders, of kernelName: String = "patched") throws {
        self.builders = builders
        var kernel = try builders.catalogue.kernel(named: kernelName)
        guard kernel.patched else {
            throw HarnessError("the kernel '\(kernelName)' has no series to mutate", status: .usage)
        }
        kernel.name = kernelName.replacing("patched", with: "mutant")
        self.kernel = kernel
    }

    /// The directory of the series.
    public var series: FilePath {
        get throws { builders.repository.root.appending(try builders.catalogue.base(of: kernel).series) }
    }

    var results: FilePath { builders.repository.build.appending("mutations") }

    /// Checks that each of `mutations` applies to the series; without building.
    ///
    /// - Returns: what does not, one line each.
    public func unusable(among mutations: [Mutation]) async throws -> [String] {
        let base = try builders.catalogue.base(of: kernel)
        let source = try await SourceStore(repository: builders.repository, progress: builders.progress)
            .source(of: base)
        let scratch = results.appending("check-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? Files.remove(scratch) }
        var problems: [String] = []
        for mutation in mutations {
            try Files.remove(scratch)
            try Files.makeDirectory(scratch)
            do {
                try await PatchSeries(directory: series).changed(by: .init(further: [mutation.patch]))
                    .apply(filesOf: source.tree, in: scratch)
            } catch let error as HarnessError {
                problems.append("\(mutation.name): \(error)")
            }
        }
        return problems
    }

    /// Runs `mutations`. Those whose result is there from an earlier run with the same kernel and tests are not
    /// run again.
    ///
    /// - Parameter guests: the number that run at the same time.
    /// - Throws: when a test notices the kernel without any mutation: it would notice them all.
    public func run(_ mutations: [Mutation], guests: Int) async throws -> MutationReport {
        let suite = try await SuiteSources(repository: builders.repository).identity()
        // Of the series as it is: a mutation changes no selftest.
        let selftests = try await SelftestRun(builders).build(for: kernel)
        let sound = try await trial(nil, on: kernel, selftests, suite)
        guard sound.catches.isEmpty else {
            throw HarnessError(
                "tests fail on the series as it is, so they tell nothing about mutations: "
                    + sound.catches.map { "\($0.test): \($0.how)" }.joined(separator: "; "))
        }
        let findings = try await each(of: mutations, guests: guests, [.suite, .command]) { mutation, kernel in
            do {
                return try await judge(mutation, trial(mutation, on: kernel, selftests, suite))
            } catch let error as HarnessError {
                try Task.checkCancellation()
                builders.progress.note("\(error)")
                return .init(of: mutation, .unusable, reason: error.description)
            }
        }
        return MutationReport(
            release: sound.release, accelerator: sound.accelerator.rawValue, findings: findings)
    }

    /// Does `work` for each of `mutations`, for `guests` of them at the same time, each on a kernel with a tree of its
    /// own.
    ///
    /// - Parameter images: those of the guests.
    func each<Finding: Sendable>(
        of mutations: [Mutation], guests: Int, _ images: [GuestImage],
        _ work: @escaping @Sendable (Mutation, Catalogue.Kernel) async throws -> Finding
    ) async throws -> [Finding] {
        // Guests that run at the same time share them, and would make them at the same time.
        for image in images where guests > 1 {
            _ = try await builders.make(image, for: builders.architecture)
        }
        return try await DealtWork(to: guests).results(of: Array(mutations.enumerated())) { hand, item in
            var kernel = kernel
            if hand > 0 { kernel.name += "-\(hand + 1)" }
            builders.progress.note("mutation \(item.offset + 1) of \(mutations.count): \(item.element.name)")
            return try await work(item.element, kernel)
        }
    }

    /// The result of one kernel, with the tests that noticed its mutation, as it is kept in a file.
    private struct Trial: Codable {
        var release: String
        var accelerator: Accelerator
        var catches: [MutationReport.Catch]
        var seconds: Double
    }

    /// Looks for a model where no test has noticed: what it shows is seen each time, not believed.
    private func judge(_ mutation: Mutation, _ trial: Trial) async throws -> MutationReport.Finding {
        var outcome: ModelCheck.Outcome?
        if trial.catches.isEmpty, let model = mutation.model {
            let check = ModelCheck(
                of: builders.repository, arguments: model.split(separator: " ").map(String.init))
            outcome = try await builders.progress.stage("model: \(model)") { try await check.run() }
        }
        return .init(of: mutation, by: trial.catches, model: outcome, seconds: trial.seconds)
    }

    private func trial(
        _ mutation: Mutation?, on kernel: Catalogue.Kernel, _ selftests: SelftestPrograms, _ suite: [String]
    ) async throws -> Trial {
        var builders = builders
        builders.seriesChange.further = mutation.map { [$0.patch] } ?? []
        let name = mutation?.name ?? "none"
        let expectation = SuiteExpectation(of: self.kernel)
        func trial(on kernel: Catalogue.Kernel) -> KernelTrial {
            KernelTrial(builders, of: kernel, named: name, kind: .mutate, expectation: expectation)
        }
        // Whichever tree it was built in, the result is the same.
        let inputs = try await trial(on: self.kernel).inputs(suite)
        return try await KeptResult(of: name, in: results).value(for: inputs) {
            let start = ContinuousClock.now
            let outcome = try await trial(on: kernel).run(selftests)
            return Trial(
                release: outcome.release, accelerator: outcome.accelerator,
                catches: Self.catches(in: outcome, expectation),
                seconds: (ContinuousClock.now - start) / .seconds(1))
        }
    }

    private static func catches(
        in outcome: KernelTrial.Outcome, _ expectation: SuiteExpectation
    ) -> [MutationReport.Catch] {
        let run = outcome.suite
        var catches = run.results.tests.compactMap { test in
            expectation.problem(with: test).map { MutationReport.Catch(test: test.name, how: $0) }
        }
        catches += expectation.problems(withRunOf: run.results).map { .init(test: "the suite", how: $0) }
        catches += run.faults.map { .init(test: "the kernel's log", how: $0.text) }
        if let message = run.message { catches.append(.init(test: "the guest", how: message)) }
        return catches
            + SelftestComparison([outcome.selftest]).problems.map { .init(test: "selftest", how: $0) }
    }
}
