// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct ComparisonPlanTests {
    private let catalogue: Catalogue

    init() throws {
        catalogue = try Catalogue(contentsOf: Repository.containing(FilePath(#filePath)).catalogue)
    }

    private func plan(
        _ names: [String] = [], images: [FilePath] = [], pattern: String? = nil
    ) throws -> ComparisonPlan {
        try ComparisonPlan(
            names: names, images: images, pattern: pattern, quick: false, fresh: false, catalogue: catalogue)
    }

    private func error(_ names: [String] = [], images: [FilePath] = [], pattern: String? = nil) throws
        -> HarnessError
    {
        let error = try #require(
            #expect(throws: HarnessError.self) { try plan(names, images: images, pattern: pattern) })
        #expect(error.status == .usage)
        return error
    }

    @Test func standardIsStockAndPatchedOfEveryBase() throws {
        let names = try plan().kernels.map(\.name)
        for base in catalogue.bases {
            let own = try plan().kernels.filter { $0.base == base.name }
            #expect(own.map(\.patched) == [false, true])
        }
        #expect(names.prefix(2) == ["stock", "patched"])
        #expect(!names.contains("patched-debug"))
        #expect(try plan().scenarios == Scenario.standard)
    }

    @Test func patternChoosesScenarios() throws {
        let chosen = try plan(pattern: "^single-step/glibc32/.*/legacy$").scenarios
        #expect(!chosen.isEmpty)
        #expect(chosen.allSatisfy { $0.unlocker == .glibc32 && $0.destroyer == .legacy })
    }

    @Test func badNamesAndPatternsAreNamedWithWhatThereIs() throws {
        #expect(try error(["nope"]).description.hasPrefix("unknown kernel 'nope'; known: patched, stock"))
        #expect(try error(["stock", "stock"]).description.contains("'stock'"))
        #expect(try error(pattern: "(").description.hasPrefix("--scenarios '(' is not a regular expression"))
        let nothing = try error(pattern: "glibc96").description
        #expect(nothing.hasPrefix("no scenario matches --scenarios 'glibc96'"))
        #expect(nothing.contains("glibc64|glibc32|musl"))
    }

    @Test func imageOfTheUsersIsReadAndAloneWithoutKernels() async throws {
        try await withTemporaryDirectory { directory in
            // The boot header's magic and the offset of the release: Documentation/arch/x86/boot.rst.
            var bytes = [UInt8](repeating: 0, count: 0x600)
            bytes.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
            bytes.replaceSubrange(0x20e..<0x210, with: [0x10, 0x03])
            bytes.replaceSubrange(0x510..<0x521, with: Array("7.9.1-mine (me) 1".utf8))
            let path = directory.appending("my-bzImage")
            try Files.write(Data(bytes), to: path)
            let plan = try plan(images: [path])
            #expect(plan.kernels == [])
            #expect(plan.images.map(\.name) == ["my-bzImage"])
            #expect(plan.images.map(\.release) == ["7.9.1-mine"])
        }
    }

    @Test func fileThatIsNoKernelIsNamed() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appending("vmlinux")
            try write("\u{7f}ELF", to: path)
            for (image, reason) in [
                (path, "not a bzImage"), (directory, "not a file"), (path.appending("x"), "no such file"),
            ] {
                let error = try error(images: [image]).description
                #expect(error.hasPrefix("--kernel-image \(image): \(reason)"))
            }
        }
    }

    @Test(arguments: [
        ["--kernels", "stock,"], ["--kernels", "nope"], ["--scenarios", "("], ["--kernel-image", "/none"],
        ["--bogus"], ["stock"],
    ])
    func badUsageHasItsStatusAndStartsNothing(_ arguments: [String]) async throws {
        let root = try Repository.containing(FilePath(#filePath)).root
        let tool = Tool(root.appending(".build/debug/harness").string, ["compare"] + arguments)
        var said: [String] = []
        let status = try await tool.status { said.append($0) }
        #expect(status == .exited(HarnessStatus.usage.rawValue))
        #expect(said.joined().contains(arguments.last!))
    }
}
