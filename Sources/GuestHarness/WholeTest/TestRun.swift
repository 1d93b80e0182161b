// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Everything that `./test` checks, in order. A stage that cannot run counts as failed, and those
/// that do not depend on it still run.
public struct TestRun {
    private let builders: Builders
    private var tally = Tally()

    public init(_ builders: Builders) {
        self.builders = builders
    }

    private var progress: Progress { builders.progress }

    public mutating func run() async throws -> Tally {
        try await check("lint: shellcheck", Self.shellcheck)
        try await check("lint: swift format", Self.swiftFormat)
        try await models()
        try await check("build: tests") { try await $0.swift.buildTests() }
        try await check("build: static programs") { try await $0.swift.buildStatic() }
        try await hostTests("RobustFutexTests", .host)
        try await hostTests("WorldExplorerTests", .host)
        try await hostTests("RaceWindowTests", .host)
        try await hostTests("PreloadTests", .host)
        try await hostTests("HarnessTests", .host)
        // This machine's kernel has no such syscall: what needs it must notice.
        try await hostTests(SuiteRunner.guestModule, .syscallAbsent)
        for kernel in builders.catalogue.testedKernels {
            try await check("build: kernel \(kernel.name)") { _ = try await $0.kernels.build(kernel) }
        }
        for kernel in builders.catalogue.testedKernels {
            try await guestTests(kernel)
        }
        for kernel in builders.catalogue.testedKernels where kernel.patched {
            try await check("random worlds on \(kernel.name)") { try await Self.explore(kernel, $0) }
        }
        try await hostTests("GuestTests", .host)
        return tally
    }

    private mutating func check(_ name: String, _ body: (Builders) async throws -> Void) async throws {
        do {
            try await body(builders)
            tally.pass(name)
        } catch {
            try Task.checkCancellation()
            fail("\(name): \(error)", of: name)
        }
    }

    /// A minute of random worlds in a guest, the same ones each time.
    private static func explore(_ kernel: Catalogue.Kernel, _ builders: Builders) async throws {
        let guest = try await builders.guest(kernel: kernel, image: .bench, options: .init())
        let directory = try RunDirectory(.test, in: builders.repository, kernel: kernel.name)
        try await builders.progress.stage("random worlds on \(kernel.name)") {
            let output = try await MeasuringCommand(progress: builders.progress).text(
                of: ["explore", "--seconds", "60", "--complete"], in: guest, directory)
            builders.progress.note("random worlds on \(kernel.name): \(output)")
        }
    }

    private mutating func fail(_ problem: String, of name: String) {
        tally.fail(problem, of: name)
        progress.note("FAILED \(problem)")
    }

    private mutating func models() async throws {
        let name = "models"
        do {
            let check = ModelCheck(of: builders.repository)
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
        try await tests("\(module) on this machine", expectation) { builders, name in
            let directory = try RunDirectory(.test, in: builders.repository, kernel: module)
            return try await builders.progress.stage(name) {
                try await SuiteRunner(progress: builders.progress).runHere(
                    module: module, products: builders.swift.products, expectation: expectation,
                    directory: directory)
            }
        }
    }

    private mutating func guestTests(_ kernel: Catalogue.Kernel) async throws {
        let expectation = SuiteExpectation(of: kernel)
        try await tests("suite on \(kernel.name)", expectation) { builders, name in
            let guest = try await builders.guest(
                kernel: kernel, image: .suite, options: .init())
            let directory = try RunDirectory(.test, in: builders.repository, kernel: kernel.name)
            return try await builders.progress.stage(name) {
                try await SuiteRunner(progress: builders.progress).run(
                    in: guest, expectation: expectation, filter: nil, directory: directory)
            }
        }
    }

    private mutating func tests(
        _ name: String, _ expectation: SuiteExpectation,
        _ body: (Builders, _ name: String) async throws -> SuiteRunner.Run
    ) async throws {
        do {
            let run = try await body(builders, name)
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
    private static func shellcheck(_ builders: Builders) async throws {
        let root = builders.repository.root
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
        try await builders.progress.stage("lint: shellcheck, \(scripts.count) scripts") {
            try await said(Tool("shellcheck", ["--"] + scripts, directory: root))
        }
    }

    private static func swiftFormat(_ builders: Builders) async throws {
        try await builders.progress.stage("lint: swift format") {
            var swift = builders.repository.swift(
                ["format", "lint", "--strict", "--recursive", "Package.swift", "Sources", "Tests"])
            swift.directory = builders.repository.root
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
