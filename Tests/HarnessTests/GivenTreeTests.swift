// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// A tree that is built as it is: which of its files are taken, and what a change of them brings.
@Suite struct GivenTreeTests {
    /// A tree that looks like a kernel's, with something built in it.
    private func makeTree(in root: FilePath) throws -> FilePath {
        let tree = root.appending("linux")
        for (name, text) in [
            ("Makefile", "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 1\nEXTRAVERSION = -rc2\n"),
            ("Kconfig", ""), ("kernel/futex/core.c", "core"), ("kernel/futex/old.c", "old"),
            (".gitignore", "*.o\n/generated\n"),
            ("kernel/.gitignore", "made.h\n"), ("kernel/made.h", "built"), ("kernel/futex/core.o", "built"),
            ("generated/a", "built"), (".config", "built"), ("vmlinux", "built"),
        ] { try write(text, to: tree.pushing(FilePath(name))) }
        try FileManager.default.createSymbolicLink(
            atPath: tree.appending("link").string, withDestinationPath: "Makefile")
        return tree
    }

    private func makeRepository(of tree: FilePath) async throws {
        try write("*.o\n/generated\n.config\nvmlinux\n", to: tree.appending(".gitignore"))
        _ = try await Tool("git", ["init", "-q", tree.string]).output()
        _ = try await Tool("git", ["-C", tree.string, "add", "."]).output()
    }

    private static let sources = [
        ".gitignore", "Kconfig", "Makefile", "kernel/.gitignore", "kernel/futex/core.c", "kernel/futex/old.c",
        "link",
    ]

    @Test(arguments: [false, true])
    func whatWasBuiltInTheTreeIsNotTaken(_ isGit: Bool) async throws {
        try await withTemporaryDirectory { root in
            let directory = try makeTree(in: root)
            if isGit {
                try await makeRepository(of: directory)
                try write("new", to: directory.appending("kernel/new.c"))
            }
            let tree = try GivenTree(directory.string)
            #expect(tree.version == "7.3.1-rc2")
            #expect(try await tree.files() == (Self.sources + (isGit ? ["kernel/new.c"] : [])).sorted())
        }
    }

    /// As in the ignore file of Debian's linux-source packages.
    @Test func treeThatIgnoresAllOfItselfIsTaken() async throws {
        try await withTemporaryDirectory { root in
            let directory = try makeTree(in: root)
            try write("*.o\n/*\n!/debian/\n", to: directory.appending(".gitignore"))
            try Files.remove(directory.appending("generated"))
            try write("built", to: directory.appending("System.map"))
            let files = try await GivenTree(directory.string).files()
            #expect(files == Self.sources.filter { $0 != ".gitignore" })
        }
    }

    @Test func copyFollowsTheTreeAndTouchesOnlyWhatChanged() async throws {
        try await withTemporaryDirectory { root in
            let directory = try makeTree(in: root)
            let copy = TreeCopy(
                original: try GivenTree(directory.string), tree: root.appending("kernel/tree"))
            let first = try await copy.changes()
            #expect(first.changed == Self.sources)
            try await copy.apply(first)
            #expect(try await copy.changes().isEmpty)
            #expect(try text(of: copy.tree.appending("kernel/futex/core.c")) == "core")

            let built = copy.tree.appending("kernel/futex/core.o")
            try write("built here", to: built)
            let same = copy.tree.appending("Kconfig")
            for file in [same, copy.tree.appending("kernel/futex/core.c")] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: file.string)
            }
            // An older file than the one before: make must notice it all the same.
            try write("older", to: directory.appending("kernel/futex/core.c"))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 500)],
                ofItemAtPath: directory.appending("kernel/futex/core.c").string)
            try write("", to: directory.appending("Kconfig"))
            try Files.remove(directory.appending("kernel/futex/old.c"))
            let second = try await copy.changes()
            #expect(second.changed == ["Kconfig", "kernel/futex/core.c"])
            #expect(second.removed == ["kernel/futex/old.c"])
            try await copy.apply(second)
            #expect(Files.modificationTime(same) == 1000)
            #expect(try #require(Files.modificationTime(copy.tree.appending("kernel/futex/core.c"))) > 1000)
            #expect(try text(of: copy.tree.appending("kernel/futex/core.c")) == "older")
            #expect(!Files.exists(copy.tree.appending("kernel/futex/old.c")))
            #expect(Files.exists(built))
            #expect(try await copy.changes().isEmpty)
        }
    }

    @Test(arguments: [
        ("kernel/futex/core.c", false), ("include/linux/scripts.h", false), ("kernel/Makefile", false),
        ("init/Kconfig", true), ("arch/x86/Kconfig.debug", true), ("scripts/kconfig/expr.c", true),
        ("Makefile", true), ("arch/x86/Makefile", true),
    ])
    func onlyFilesThatMayMatterConcernTheConfiguration(_ file: String, _ expected: Bool) {
        #expect(TreeCopy.Changes(changed: [file]).concernConfiguration == expected)
        #expect(TreeCopy.Changes(removed: [file]).concernConfiguration == expected)
    }

    @Test func treeIsOnlyRead() async throws {
        try await withTemporaryDirectory { root in
            let directory = try makeTree(in: root)
            func listing() async throws -> String {
                try await Tool("find", [directory.string, "-printf", "%p %T@ %C@ %s %m\n"]).output()
            }
            let before = try await listing()
            let copy = TreeCopy(
                original: try GivenTree(directory.string), tree: root.appending("kernel/tree"))
            try await copy.apply(copy.changes())
            #expect(try await listing() == before)
        }
    }

    @Test func treesOfTheSameNameHaveDirectoriesOfTheirOwn() async throws {
        try await withTemporaryDirectory { root in
            let catalogue = try Catalogue(
                contentsOf: Repository.containing(FilePath(#filePath)).catalogue)
            let builder = KernelBuilder(
                repository: Repository(root: root), catalogue: catalogue, architecture: .x86,
                progress: Progress())
            var directories: Set<FilePath> = []
            for parent in ["a", "b"] {
                let tree = try GivenTree(makeTree(in: root.appending(parent)).string)
                let kernel = try catalogue.kernel(from: tree)
                #expect(kernel.name == "patched+linux")
                #expect(kernel.patched)
                directories.insert(builder.directory(of: kernel))
            }
            #expect(directories.count == 2)
        }
    }

    @Test func configurationIsThatOfTheTreesVersion() async throws {
        try await withTemporaryDirectory { root in
            let directory = try makeTree(in: root)
            try write("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 9\n", to: directory.appending("Makefile"))
            let catalogue = try Catalogue(
                contentsOf: Repository.containing(FilePath(#filePath)).catalogue)
            let kernel = try catalogue.kernel(from: GivenTree(directory.string))
            #expect(kernel.base == "6.12")
            let plan = try ComparisonPlan(
                names: [], tree: GivenTree(directory.string), images: [], pattern: nil, quick: false,
                fresh: false, catalogue: catalogue)
            #expect(plan.kernels.map(\.name) == ["stock-6.12", "patched-6.12+linux"])
        }
    }
}
