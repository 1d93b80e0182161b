// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Every patch in every configuration: does it build, and does it bring a new warning?
struct BuildLints {
    typealias Configuration = LintPlan.Configuration
    typealias Commit = LintedTree.Commit
    typealias Result = LintBuilder.Result

    let tree: LintedTree
    let tools: LintTools
    let plan: LintPlan
    let progress: Progress
    /// The kernel that the series is for, not one of the backports.
    let isMainline: Bool
    /// A regular expression for the names of the builds to do; nil for all.
    let wanted: String?

    private var builder: LintBuilder { LintBuilder(tree: tree, tools: tools, progress: progress) }

    private var configurations: [Configuration] {
        plan.configurations.filter { isMainline || $0.everyBase == true }
    }

    /// - Parameter commits: the state before the first patch, then one for each patch that applies.
    func run(_ mails: [Mail], _ commits: [Commit], _ table: inout LintTable) async throws {
        var unusable: [String: String] = [:]
        for configuration in configurations {
            do {
                if let wanted, try Regex(wanted).wholeMatch(in: configuration.name) == nil {
                    throw HarnessError("not among the builds that were asked for")
                }
                if let triplet = configuration.cross {
                    try await tools.compilers.get(for: triplet)
                    if let library = configuration.library {
                        try await tools.compilers.getLibrary(for: triplet, architecture: library)
                    }
                }
                if configuration.kind == .sparse { try await tools.getSparse() }
            } catch {
                try Task.checkCancellation()
                unusable[configuration.name] = "\(error)"
            }
        }
        var results: [String: [Int: Result]] = [:]
        let usable = configurations.filter { unusable[$0.name] == nil }
        let builds = (commits.count - 1) * usable.count
        var count = 0
        for index in mails.indices {
            for configuration in configurations {
                if let reason = unusable[configuration.name] {
                    table.record(configuration.name, patch: index, .unchecked(reason))
                } else if index + 1 >= commits.count {
                    table.record(configuration.name, patch: index, .unchecked("the patch does not apply"))
                } else {
                    count += 1
                    let verdict = try await LintVerdict.of {
                        let stage = "\(count)/\(builds) \(configuration.name), patch \(index + 1)"
                        guard let result = try await result(configuration, mails, commits[index + 1], stage)
                        else { return .unchecked("no patch changes a C file for it") }
                        results[configuration.name, default: [:]][index] = result
                        return result.failure.map { .failed($0) } ?? .ok
                    }
                    table.record(configuration.name, patch: index, verdict)
                }
            }
        }
        for configuration in usable {
            try await compareWarnings(configuration, results[configuration.name] ?? [:], commits, &table)
        }
        reportUncompiled(mails, results, &table)
    }

    /// nil: there is nothing to make.
    private func result(
        _ configuration: Configuration, _ mails: [Mail], _ commit: Commit, _ stage: String
    ) async throws -> Result? {
        let sources = Set(mails.flatMap(\.kernelSources)).sorted()
        var goals = configuration.targets
        if configuration.kind == .sparse {
            let references = goals.count
            for source in sources where source.hasSuffix(".c") && Self.isFor(configuration, source) {
                if try await tree.contents(of: source, in: commit) != nil {
                    goals.append("\(source.dropLast(2)).o")
                }
            }
            if goals.count == references { return nil }
        }
        return try await builder.build(
            configuration, at: commit, goals: goals, sources: sources, stage: stage)
    }

    /// Tells whether a source belongs to the configuration's architecture, or to none.
    static func isFor(_ configuration: Configuration, _ source: String) -> Bool {
        let directory =
            ["x86_64": "x86", "i386": "x86"][configuration.architecture] ?? configuration.architecture
        return !source.hasPrefix("arch/") || source.hasPrefix("arch/\(directory)/")
    }

    /// Fails those patches after which the compiler, or sparse, says something that it did not say
    /// before. Only when it says anything is there a need to build what was before.
    private func compareWarnings(
        _ configuration: Configuration, _ results: [Int: Result], _ commits: [Commit],
        _ table: inout LintTable
    ) async throws {
        var before: Diagnostics?
        for index in results.keys.sorted() {
            let result = results[index]!
            if result.failure != nil { continue }
            if before == nil, !result.diagnostics.all.isEmpty {
                do {
                    before = try await baseline(configuration, result.diagnostics, commits[0])
                } catch {
                    try Task.checkCancellation()
                    table.record(
                        configuration.name, patch: index,
                        .unchecked("warnings cannot be compared: no build of the state before: \(error)"))
                    continue
                }
            }
            let new = result.diagnostics.new(since: before ?? Diagnostics())
            let (counted, accepted) = try plan.judge(new, of: configuration.name)
            if !counted.isEmpty {
                table.record(configuration.name, patch: index, .failed(counted.joined(separator: "\n")))
            }
            for reason in accepted { table.note(reason) }
            before = result.diagnostics
        }
    }

    private func baseline(
        _ configuration: Configuration, _ diagnostics: Diagnostics, _ commit: Commit
    ) async throws -> Diagnostics {
        var goals = configuration.targets
        if configuration.kind != .selftests {
            var objects: [String] = []
            for object in diagnostics.objects {
                let source = object.hasSuffix(".c") ? object : "\(object.dropLast(2)).c"
                if try await tree.contents(of: source, in: commit) != nil {
                    objects.append("\(source.dropLast(2)).o")
                } else if !object.contains("/") {
                    // vmlinux.o: what is said when everything is linked.
                    objects = configuration.targets
                    break
                }
            }
            goals = configuration.kind == .sparse ? configuration.targets + objects : objects
        }
        if goals.isEmpty { return Diagnostics() }
        let stage = "\(configuration.name), before the patches"
        var result = try await builder.build(
            configuration, at: commit, goals: goals, sources: [], stage: stage)
        // Objects of a 32-bit vDSO get their flags from what they are made for: they cannot be made by themselves.
        if result.failure != nil, goals != configuration.targets {
            result = try await builder.build(
                configuration, at: commit, goals: configuration.targets, sources: [],
                stage: "\(stage), as a whole")
        }
        if let failure = result.failure { throw HarnessError(failure) }
        return result.diagnostics
    }

    /// No build says anything about a file that it does not compile.
    private func reportUncompiled(
        _ mails: [Mail], _ results: [String: [Int: Result]], _ table: inout LintTable
    ) {
        let compiled = Set(results.values.flatMap { $0.values.flatMap(\.compiled) })
        for (index, mail) in mails.enumerated() where !mail.kernelSources.isEmpty {
            let missing = mail.kernelSources.filter { !compiled.contains($0) }
            table.record(
                "every source is compiled", patch: index,
                missing.isEmpty
                    ? .ok
                    : .unchecked(
                        "no configuration of kernel-patch/check.json compiles \(missing.joined(separator: ", "))"
                    ))
        }
    }
}
