// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// Two trees with one object each, compiled here.
private func verdict(
    _ path: String = "kernel/specimen.o", stock: String?, patched: String?, patchedFlags: [String] = []
) async throws -> ObjectComparison.Verdict {
    try await withTemporaryDirectory { directory in
        for (tree, code, flags) in [("stock", stock, []), ("patched", patched, patchedFlags)] {
            let root = directory.appending(tree)
            try await compile("int common;", to: root.appending("kernel/common.o"), [])
            if let code { try await compile(code, to: root.pushing(FilePath(path)), flags) }
            // Left over from another configuration: no part of the kernel.
            if tree == "patched" { try await compile("int old;", to: root.appending("kernel/old.o"), []) }
            try await link(["kernel/common.o"] + (code == nil ? [] : [path]), in: root)
        }
        let findings = try await ObjectComparison(
            stock: directory.appending("stock"), patched: directory.appending("patched")
        ).findings()
        #expect(!findings.contains { $0.path == "kernel/old.o" })
        return try #require(findings.first { $0.path == path }).verdict
    }
}

/// The archives that a kernel is linked from.
private func link(_ objects: [String], in tree: FilePath) async throws {
    for archive in ObjectComparison.archives {
        try Files.makeDirectory(tree.pushing(FilePath(archive)).removingLastComponent())
        let members = archive == "vmlinux.a" ? objects : []
        _ = try await Tool("ar", ["rcT", archive] + members, directory: tree).output()
    }
}

private func compile(_ code: String, to object: FilePath, _ flags: [String]) async throws {
    let source = FilePath("\(object).c")
    try Files.write(Data(code.utf8), to: source)
    _ = try await Tool("gcc", ["-O2", "-c", "-o", object.string, source.string] + flags).output()
}

@Suite struct FootprintTests {
    @Test func sameCodeIsIdentical() async throws {
        let code = "int f(int x) { return x + 1; }"
        #expect(try await verdict(stock: code, patched: code) == .identical)
    }

    /// The files' bytes differ, by a symbol that nothing refers to and that takes no room.
    @Test func symbolWithoutContentsIsIdentical() async throws {
        let code = "int f(int x) { return x + 1; }"
        let flags = ["-Wa,--defsym,unused_symbol=5"]
        #expect(try await verdict(stock: code, patched: code, patchedFlags: flags) == .identical)
    }

    @Test(arguments: [
        ("int f(int x) { return x + 1; }", "int f(int x) { return x + 2; }"),
        ("int x = 1;", "int x = 2;"),
        ("extern int a; int *p = &a;", "extern int b; int *p = &b;"),
    ])
    func otherCodeDataOrRelocationDiffers(stock: String, patched: String) async throws {
        guard case .different = try await verdict(stock: stock, patched: patched) else {
            Issue.record("the difference was not noticed")
            return
        }
    }

    @Test func objectOnOneSideOnlyDiffersUnlessExpected() async throws {
        guard case .different = try await verdict(stock: nil, patched: "int x;") else {
            Issue.record("the new object was not noticed")
            return
        }
        guard
            case .expected = try await verdict("kernel/futex/cleanup.o", stock: nil, patched: "int x;")
        else {
            Issue.record("the system call's own object was not expected")
            return
        }
    }

    /// Of an object that is expected to differ, only what is named may.
    @Test(arguments: [
        ("void g(void) {}", "void g(void) {}", true),
        ("void g(void) {}", "int g(void) { return 1; }", false),
        ("int data = 1;", "int data = 2;", false),
        ("", "int h(void) { return 3; }", false),
    ])
    func onlyWhatIsNamedMayDiffer(stock: String, patched: String, allowed: Bool) async throws {
        let verdict = try await verdict(
            "kernel/futex/syscalls.o",
            stock: "int futex_get_robust_list_common(int x) { return x + 1; } " + stock,
            patched: "int futex_get_robust_list_common(int x) { return x * 7 + 2; } " + patched)
        switch verdict {
        case .expected: #expect(allowed)
        case .different(let how): #expect(!allowed, "\(how)")
        case .identical: Issue.record("the difference was not noticed")
        }
    }

    @Test func objectThatIsExpectedMustNotBeMissing() async throws {
        guard case .different = try await verdict("kernel/sys_ni.o", stock: "int x;", patched: nil) else {
            Issue.record("the missing object was not noticed")
            return
        }
    }

    @Test func treeWithoutObjectsIsNoTree() async throws {
        try await withTemporaryDirectory { directory in
            _ = await #expect(throws: HarnessError.self) {
                try await ObjectComparison(stock: directory, patched: directory).findings()
            }
        }
    }

    @Test func compilesAnotherFileAsForkWas() throws {
        let saved = """
            savedcmd_kernel/fork.o := ccache gcc -Wp,-MMD,kernel/.fork.o.d -O2 -D__KERNEL__ -c -o kernel/fork.o \
            kernel/fork.c ; ./tools/objtool/objtool --link kernel/fork.o

            source_kernel/fork.o := kernel/fork.c
            """
        let command = try StructureSizes.command(from: saved, source: "/t/s.c", object: "/t/s.o")
        #expect(command == "ccache gcc -O2 -D__KERNEL__ -c -o '/t/s.o' '/t/s.c'")
        #expect(throws: HarnessError.self) {
            try StructureSizes.command(from: "", source: "a", object: "b")
        }
    }

    @Test func readsSizesFromSymbolTable() {
        let listing = """
            0000000000000000 0000000000000a40 B size_of_mm_struct
            0000000000000a40 0000000000000010 B other
                             U size_of_nothing
            """
        #expect(StructureSizes.sizes(listing) == ["mm_struct": 2624])
    }
}
