// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct SuiteSourcesTests {
    private static let package = """
        {"targets": [
            {"name": "CLib", "type": "regular", "dependencies": []},
            {"name": "Lib", "type": "regular",
             "dependencies": [{"byName": ["CLib", null]}, {"product": ["System", "swift-system", null, null]}]},
            {"name": "init", "type": "executable", "path": "Other/init", "dependencies": []},
            {"name": "Harness", "type": "regular", "dependencies": [{"byName": ["Lib", null]}]},
            {"name": "SuiteTests", "type": "test", "dependencies": [{"byName": ["Lib", null]}]},
            {"name": "HarnessTests", "type": "test", "dependencies": [{"byName": ["Harness", null]}]}
        ]}
        """

    @Test func directoriesAreThoseOfTheRootsAndOfWhatTheyDependOn() throws {
        let directories = try SuiteSources.directories(
            of: ["SuiteTests", "init"], in: Data(Self.package.utf8))
        #expect(directories == ["Other/init", "Sources/CLib", "Sources/Lib", "Tests/SuiteTests"])
    }

    @Test func missingTargetIsAnError() {
        let error = #expect(throws: HarnessError.self) {
            try SuiteSources.directories(of: ["Suite"], in: Data(Self.package.utf8))
        }
        #expect(error?.description == "the package has no target 'Suite'")
    }

    /// The harness judges what a guest did; its sources, and those of its tests, are not run there.
    @Test func thisPackageIsReadWithoutTheHarness() async throws {
        let repository = try Repository.containing(FilePath(#filePath))
        let lines = try await SuiteSources(repository: repository).identity()
        func has(_ path: String) -> Bool { lines.contains { $0.contains("  \(path)") } }
        #expect(has("Package.swift"))
        #expect(has("Tests/SyscallTests/Completeness.swift"))
        #expect(has("Sources/RobustFutexChecks/Check.swift"))
        #expect(has("Sources/CRobustFutex/include/CRobustFutex.h"))
        #expect(has("qemu/guest/init/init.c"))
        #expect(!has("Sources/GuestHarness/"))
        #expect(!has("Tests/HarnessTests/"))
    }

    @Test func mailAroundADiffIsNoChange() {
        let diff = "diff --git a/x b/x\nindex 123..456 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
        func patch(_ header: String, _ diff: String) -> String {
            PatchSeries.Patch(name: "0001", text: "\(header)\n---\n x | 2 +-\n\n\(diff)").changes
        }
        #expect(patch("From 12", diff) == patch("From 34\nSubject: b", diff.replacing("456", with: "789")))
        #expect(patch("From 12", diff) != patch("From 12", diff.replacing("+b", with: "+c")))
        #expect(patch("From 12", diff).contains("+b"))
    }

    @Test func documentationDoesNotChangeWhatAKernelDoes() {
        func behaviour(_ paths: String..., line: String = "b") -> [String] {
            let patches = paths.map { path in
                PatchSeries.Patch(
                    name: "0001",
                    text: "From 12\n---\n\ndiff --git a/\(path) b/\(path)\n@@ -1 +1 @@\n-a\n+\(line)\n")
            }
            return KernelBuilder.Inputs(
                source: "7.3", patches: patches, options: ["CONFIG_SMP=y"], compiler: "gcc 12",
                release: "7.3-patched"
            ).behaviour
        }
        let code = behaviour("kernel/x.c")
        #expect(behaviour("kernel/x.c", "Documentation/x.rst") == code)
        #expect(behaviour("kernel/x.c", line: "c") != code)
        #expect(behaviour("kernel/x.c", "kernel/y.c") != code)
        #expect(behaviour() == ["7.3", "gcc 12", "7.3-patched", "CONFIG_SMP=y"])
    }

    @Test func documentationDoesNotChangeTheMark() async throws {
        func file(_ path: String, _ line: String) -> String {
            "diff --git a/\(path) b/\(path)\n--- a/\(path)\n+++ b/\(path)\n@@ -1 +1 @@\n-a\n+\(line)\n"
        }
        func mark(_ texts: String...) async throws -> String {
            try await withTemporaryDirectory { directory in
                for (index, text) in texts.enumerated() {
                    try Files.write(
                        Data("From 12\n---\n\n\(text)".utf8),
                        to: directory.appending("000\(index + 1)-x.patch"))
                }
                return try PatchSeries(directory: directory).mark
            }
        }
        let code = file("kernel/x.c", "b")
        let alone = try await mark(code)
        #expect(try await mark(code, file("Documentation/x.rst", "b")) == alone)
        #expect(try await mark(file("Documentation/x.rst", "c") + code) == alone)
        #expect(try await mark(code + file("Documentation/x.rst", "c")) == alone)
        #expect(try await mark(file("kernel/x.c", "c")) != alone)
        #expect(try await mark(code, file("tools/Documentation/x", "b")) != alone)
    }
}
