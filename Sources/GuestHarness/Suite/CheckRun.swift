// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Everything that `./test` checks, in order. A stage that cannot run counts as failed, and those
/// that do not depend on it still run.
public struct CheckRun {
    private let workshop: Workshop
    private var tally = Tally()

    public init(_ workshop: Workshop) {
        self.workshop = workshop
    }

    private var progress: Progress { workshop.progress }

    public mutating func run() async throws -> Tally {
        try await check("lint: shellcheck", Self.shellcheck)
        try await check("lint: swift format", Self.swiftFormat)
        try await models()
        try await check("build: tests") { try await $0.swift.buildTests() }
        try await check("build: static programs") { try await $0.swift.buildStatic(onlyInit: false) }
        try await hostTests("RobustFutexTests", .host)
        try await hostTests("RaceWindowTests", .host)
        try await hostTests("HarnessTests", .host)
        // This machine's kernel has no such syscall: what needs it must notice.
        try await hostTests(SuiteRunner.guestModule, .syscallAbsent)
        for kernel in workshop.catalogue.testedKernels {
            try await check("build: kernel \(kernel.name)") { _ = try await $0.kernels.build(kernel) }
        }
        for kernel in workshop.catalogue.testedKernels {
            try await guestTests(kernel)
        }
        try await hostTests("GuestTests", .host)
        return tally
    }

    private mutating func check(_ name: String, _ body: (Workshop) async throws -> Void) async throws {
        do {
            try await body(workshop)
            tally.pass(name)
        } catch {
            try Task.checkCancellation()
            fail("\(name): \(error)", of: name)
        }
    }

    private mutating func fail(_ problem: String, of name: String) {
        tally.fail(problem, of: name)
        progress.note("FAILED \(problem)")
    }

    private mutating func models() async throws {
        let name = "models"
        do {
            let check = ModelCheck(of: workshop.repository)
            let progress = progress
            let outcome = try await progress.stage(name) {
                try await check.run { progress.update(String($0)) }
            }
            tally.add(outcome, name: name)
            progress.note("\(name): \(outcome.passed) passed, \(outcome.skipped) skipped")
            for problem in outcome.problems { progress.note("FAILED \(name): \(problem)") }
        } catch {
            try Task.checkCancellation()
            fail("\(name): \(error)", of: name)
        }
    }

    private mutating func hostTests(_ module: String, _ expectation: SuiteExpectation) async throws {
        try await tests("\(module) on this machine", expectation) { workshop, name in
            let directory = try RunDirectory(.test, in: workshop.repository, kernel: module)
            return try await workshop.progress.stage(name) {
                try await SuiteRunner(progress: workshop.progress).runHere(
                    module: module, products: workshop.swift.products, expectation: expectation,
                    directory: directory)
            }
        }
    }

    private mutating func guestTests(_ kernel: Catalogue.Kernel) async throws {
        let expectation = SuiteExpectation(of: kernel)
        try await tests("suite on \(kernel.name)", expectation) { workshop, name in
            let guest = try await workshop.guest(
                kernel: kernel, image: .suite, options: .init())
            let directory = try RunDirectory(.test, in: workshop.repository, kernel: kernel.name)
            return try await workshop.progress.stage(name) {
                try await SuiteRunner(progress: workshop.progress).run(
                    in: guest, expectation: expectation, filter: nil, directory: directory)
            }
        }
    }

    private mutating func tests(
        _ name: String, _ expectation: SuiteExpectation,
        _ body: (Workshop, _ name: String) async throws -> SuiteRunner.Run
    ) async throws {
        do {
            let run = try await body(workshop, name)
            progress.note("\(name): \(ResultsTable.counts(of: run.results))")
            let before = tally.problems.count
            tally.add(run, name: name, expectation: expectation)
            for problem in tally.problems.dropFirst(before) { progress.note("FAILED \(problem)") }
        } catch {
            try Task.checkCancellation()
            fail("\(name): \(error)", of: name)
        }
    }

    /// Every shell script that git knows, by its first line.
    private static func shellcheck(_ workshop: Workshop) async throws {
        let root = workshop.repository.root
        let names = try await Tool("git", ["-C", root.string, "ls-files", "-z"]).output()
        let scripts = names.split(separator: "\0").map(String.init).filter { name in
            guard let file = FileHandle(forReadingAtPath: root.pushing(FilePath(name)).string) else {
                return false
            }
            defer { try? file.close() }
            let start = String(decoding: (try? file.read(upToCount: 40)) ?? Data(), as: UTF8.self)
            return start.firstMatch(of: /^#!\/(?:usr\/)?bin\/(?:env )?(?:ba|da)?sh\b/) != nil
        }
        guard !scripts.isEmpty else { throw HarnessError("git lists no shell script in \(root)") }
        try await workshop.progress.stage("lint: shellcheck, \(scripts.count) scripts") {
            try await said(Tool("shellcheck", ["--"] + scripts, directory: root))
        }
    }

    private static func swiftFormat(_ workshop: Workshop) async throws {
        try await workshop.progress.stage("lint: swift format") {
            var swift = workshop.repository.swift(
                ["format", "lint", "--strict", "--recursive", "Package.swift", "Sources", "Tests"])
            swift.directory = workshop.repository.root
            try await said(swift)
        }
    }

    /// Runs a tool whose findings are its output.
    private static func said(_ tool: Tool) async throws {
        var lines: [String] = []
        guard try await tool.status(onLine: { lines.append($0) }).isSuccess else {
            throw HarnessError(lines.joined(separator: "\n"))
        }
    }
}
