// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// Runs the kernel tree's own futex selftests on kernels, and holds the results against each other.
public struct SelftestRun: Sendable {
    let builders: Builders

    public init(_ builders: Builders) {
        self.builders = builders
    }

    /// The run on one kernel.
    public struct KernelRun: Codable, Sendable {
        public var kernel: String
        public var base: String
        /// As in the catalogue.
        public var architecture: String?
        public var patched: Bool
        /// The config fragments of the kernel's own.
        public var config: [String]
        public var release: String?
        public var findings: [SelftestFinding]
        /// Problems of the run itself: a program that left no result, a fault, a guest that went away.
        public var problems: [String]
        public var directory: String
    }

    /// Runs the selftests on `kernels`; those named by `only`, or all.
    public func run(
        on kernels: [Catalogue.Kernel], only: [String] = [], options: Builders.GuestOptions
    ) async throws -> [KernelRun] {
        var programs: [String: SelftestPrograms] = [:]
        var runs: [KernelRun] = []
        for kernel in kernels {
            let family = family(of: kernel)
            if programs[family] == nil {
                let own = kernels.first { self.family(of: $0) == family && $0.tree != nil }
                programs[family] = try await build(for: own ?? kernel)
            }
            let programs = programs[family]!
            runs.append(
                try await run(programs, only: programs.selected(only), on: kernel, options: options))
        }
        return runs
    }

    /// The kernels that the same programs run on have one name: of their base, and of their architecture if it is not the
    /// host's.
    private func family(of kernel: Catalogue.Kernel) -> String {
        kernel.architecture.map { "\(kernel.base)-\($0)" } ?? kernel.base
    }

    /// The selftests of the patched tree of a kernel's base: the same programs run on every kernel of it. Those of a
    /// kernel that was built from a tree of the user's are that tree's.
    func build(for kernel: Catalogue.Kernel) async throws -> SelftestPrograms {
        guard
            let source = kernel.tree != nil
                ? kernel
                : builders.catalogue.kernels.first(where: {
                    family(of: $0) == family(of: kernel) && $0.patched
                })
        else {
            throw HarnessError("the base \(kernel.base) has no patched kernel to take the selftests from")
        }
        _ = try await builders.kernels.build(source)
        let directory = builders.repository.build.appending("selftests").appending(
            kernel.tree.map { "\(family(of: kernel))+\($0.shortName)-\($0.mark)" } ?? family(of: kernel))
        let lock = directory.appending(".lock")
        return try await FileLock.withLock(lock, progress: builders.progress) {
            try await builders.progress.stage("selftests of \(source.name): build") {
                try await SelftestPrograms(
                    of: builders.kernels.directory(of: source).appending("tree"),
                    toolchain: Toolchain(
                        builders.kernels.architecture(of: source), repository: builders.repository,
                        progress: builders.progress), in: directory, log: directory.appending("build.log"))
            }
        }
    }

    private func run(
        _ programs: SelftestPrograms, only names: [String], on kernel: Catalogue.Kernel,
        options: Builders.GuestOptions
    ) async throws -> KernelRun {
        let guest = try await builders.guest(kernel: kernel, image: .command, options: options)
        return try await builders.progress.stage("selftests on \(kernel.name)") {
            try await run(programs, only: names, on: kernel, in: guest)
        }
    }

    /// Number of times that a program with a failed test is run again. The tree's tests order what they do by
    /// sleeping, in some for 100 µs, which an emulated machine does not always honour.
    private static let repetitions = 10

    /// Runs `names` of `programs` in `guest`, which boots `kernel` or one that is made like it.
    ///
    /// The test of the series has one attempt. Of the others, one that failed has some more, and what counts
    /// is whether it ever passes.
    func run(
        _ programs: SelftestPrograms, only names: [String], on kernel: Catalogue.Kernel, in guest: Guest
    ) async throws -> KernelRun {
        var attempt = try await attempt(programs.command(names), in: guest)
        var findings = attempt.findings
        var problems = attempt.problems
        let failed = Set(findings.filter { $0.verdict == .failed }.map(\.program))
            .subtracting([SelftestPrograms.ofTheSeries]).sorted()
        if !failed.isEmpty, problems.isEmpty {
            let again = failed.flatMap { Array(repeating: $0, count: Self.repetitions) }
            attempt = try await self.attempt(programs.command(again), in: guest)
            findings = SelftestFinding.best(findings + attempt.findings)
            problems += attempt.problems
        }
        // Said of each attempt.
        var said: Set<String> = []
        problems = problems.filter { said.insert($0).inserted }
        let ran = Set(findings.map(\.program))
        problems += names.filter { !ran.contains($0) }.map { "\($0) left no result" }
        let run = KernelRun(
            kernel: guest.kernel.name, base: kernel.base, architecture: kernel.architecture,
            patched: kernel.patched, config: kernel.config,
            release: attempt.release, findings: findings, problems: problems,
            directory: attempt.directory.path.string)
        try Files.write(SelftestComparison.encoded(run), to: attempt.directory.results)
        return run
    }

    private struct Attempt {
        var findings: [SelftestFinding]
        var problems: [String]
        var release: String?
        var directory: RunDirectory
    }

    private func attempt(_ command: [String], in guest: Guest) async throws -> Attempt {
        let directory = try RunDirectory(.selftests, in: builders.repository, kernel: guest.kernel.name)
        let request = GuestRequest(
            root: builders.root(of: guest.architecture),
            sharedDirectory: builders.repository.root.string, workingDirectory: "/tmp",
            environment: [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                "TERM=dumb",
            ],
            arguments: command)
        let ended = LineCount("programs ended", progress: builders.progress)
        let transcript = try await guest.transcript(
            of: request, in: directory, onLine: { ended.addResult($0) })
        let outcome = transcript.outcome
        try Files.write(Data(transcript.output + transcript.error), to: directory.suiteOutput)
        let ktap = KTAP(transcript.text)
        var problems = outcome.faults.map { "the kernel reported: \($0.text) (console.log line \($0.line))" }
        if !outcome.commandEnded, let message = outcome.message { problems.append(message) }
        if let plan = ktap.plan, plan != ktap.programs.count {
            problems.append("\(ktap.programs.count) of \(plan) programs left a result")
        }
        problems += ktap.programs.compactMap { program in
            guard let plan = program.plan, plan != program.tests.count, program.result.verdict == .passed
            else { return nil }
            let name = SelftestPrograms.name(in: program.result)
            return "\(name) ran \(program.tests.count) of the \(plan) tests it has"
        }
        return Attempt(
            findings: SelftestFinding.all(in: ktap), problems: problems, release: outcome.release,
            directory: directory)
    }
}
