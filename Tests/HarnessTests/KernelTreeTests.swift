// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// The series over a small tree, with git as for a real one.
@Suite struct KernelTreeTests {
    /// A patch that turns the line `old` of `file` into `new`.
    private func patch(_ file: String, _ old: String, _ new: String) -> String {
        """
        Subject: [PATCH] change \(file)

        ---
        diff --git a/\(file) b/\(file)
        --- a/\(file)
        +++ b/\(file)
        @@ -1,3 +1,3 @@
         one
        -\(old)
        +\(new)
         three

        """
    }

    private func makePristine(_ root: FilePath) throws -> KernelSource {
        let tree = root.appending("pristine")
        for name in ["a/x.c", "a/y.c", "b.c"] {
            try write("one\ntwo\nthree\n", to: tree.pushing(FilePath(name)))
        }
        return KernelSource(identity: "test_1", tree: tree)
    }

    private func makeSeries(_ root: FilePath, _ patches: [String: String]) throws -> PatchSeries {
        let directory = root.appending("series")
        try Files.remove(directory)
        try write("not a patch", to: directory.appending("0000-cover-letter.patch"))
        for (name, text) in patches { try write(text, to: directory.appending(name)) }
        return try PatchSeries(directory: directory)
    }

    @Test func seriesGoesOverTheTreeAndLeavesThePristineOneAlone() async throws {
        try await withTemporaryDirectory { root in
            let source = try makePristine(root)
            let series = try makeSeries(
                root,
                [
                    "0001-first.patch": patch("a/x.c", "two", "2"),
                    "0002-second.patch": patch("a/x.c", "2", "II"),
                    "0003-new.patch": """
                    diff --git a/new.c b/new.c
                    new file mode 100644
                    --- /dev/null
                    +++ b/new.c
                    @@ -0,0 +1 @@
                    +new

                    """,
                ])
            let tree = KernelTree(pristine: source, tree: root.appending("kernel/tree"))
            try await tree.update(to: series)
            #expect(try text(of: tree.tree.appending("a/x.c")) == "one\nII\nthree\n")
            #expect(try text(of: tree.tree.appending("new.c")) == "new\n")
            #expect(try text(of: source.tree.appending("a/x.c")) == "one\ntwo\nthree\n")
            #expect(!Files.exists(source.tree.appending("new.c")))
        }
    }

    @Test func changedSeriesTouchesOnlyWhatChanges() async throws {
        try await withTemporaryDirectory { root in
            let source = try makePristine(root)
            let tree = KernelTree(pristine: source, tree: root.appending("kernel/tree"))
            let same = patch("a/x.c", "two", "2")
            try await tree.update(
                to: makeSeries(root, ["0001-x.patch": same, "0002-y.patch": patch("a/y.c", "two", "2")]))
            try write("built", to: tree.tree.appending("a/x.o"))
            let x = tree.tree.appending("a/x.c")
            let old = Date(timeIntervalSince1970: 1000)
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: x.string)
            try await tree.update(
                to: makeSeries(root, ["0001-x.patch": same, "0002-b.patch": patch("b.c", "two", "2")]))
            #expect(Files.modificationTime(x) == 1000)
            #expect(try text(of: tree.tree.appending("a/y.c")) == "one\ntwo\nthree\n")
            #expect(try text(of: tree.tree.appending("b.c")) == "one\n2\nthree\n")
            #expect(Files.exists(tree.tree.appending("a/x.o")))
        }
    }

    @Test func seriesThatDoesNotApplyNamesPatchAndFileAndLeavesTheTree() async throws {
        try await withTemporaryDirectory { root in
            let source = try makePristine(root)
            let tree = KernelTree(pristine: source, tree: root.appending("kernel/tree"))
            try await tree.update(to: makeSeries(root, ["0001-x.patch": patch("a/x.c", "two", "2")]))
            let broken = try makeSeries(
                root,
                ["0001-x.patch": patch("a/x.c", "two", "2"), "0002-bad.patch": patch("b.c", "nothing", "2")])
            let error = await #expect(throws: HarnessError.self) { try await tree.update(to: broken) }
            let message = try #require(error).description
            #expect(message.contains("0002-bad.patch"))
            #expect(message.contains("b.c"))
            #expect(!message.contains("\n"))
            #expect(try text(of: tree.tree.appending("a/x.c")) == "one\n2\nthree\n")
        }
    }

    @Test func directoryWithoutPatchesIsAnError() async throws {
        try await withTemporaryDirectory { root in
            let error = #expect(throws: HarnessError.self) { try makeSeries(root, [:]) }
            #expect(error?.description.contains("no patches in") == true)
        }
    }
}
