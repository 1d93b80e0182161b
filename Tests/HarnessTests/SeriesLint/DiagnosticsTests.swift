// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

struct DiagnosticsTests {
    private let tree = "/home/me/build/check/mainline/tree"

    private func diagnostics(_ lines: String...) -> Diagnostics {
        var diagnostics = Diagnostics()
        diagnostics.update(fromBuild: lines, tree: tree)
        return diagnostics
    }

    @Test(arguments: [
        "../../tree/kernel/fork.c:12:18: warning: unused variable 'x' [-Wunused-variable]",
        "/home/me/build/check/mainline/tree/kernel/fork.c:9: warning: unused variable 'x' [-Wunused-variable]",
        "kernel/fork.c:700:1: warning: unused variable 'x' [-Wunused-variable]",
    ])
    func findsAWarningWhereverItIs(line: String) {
        #expect(
            diagnostics("  CC      kernel/fork.o", line).messages
                == ["kernel/fork.o": ["kernel/fork.c: warning: unused variable 'x' [-Wunused-variable]"]])
    }

    @Test(arguments: [
        "  CC      kernel/warning.o", "In file included from ../../tree/kernel/fork.c:12:",
        "   12 |         int x; /* warning: not */", "make[3]: Nothing to be done for 'kernel/'.",
    ])
    func takesNothingElseForAWarning(line: String) {
        #expect(diagnostics(line).all.isEmpty)
    }

    @Test func findsWhatSparseAndTheLinkerSay() {
        let found = diagnostics(
            "  CHECK   /home/me/build/check/mainline/tree/kernel/futex/cleanup.c",
            "/home/me/build/check/mainline/tree/kernel/futex/cleanup.c:80:5: warning: symbol 'f' was not declared",
            "  LD [M]  a.o", "vmlinux.o: warning: objtool: f() falls through")
        #expect(found.objects == ["a.o", "kernel/futex/cleanup.c"])
        #expect(
            found.all == [
                "kernel/futex/cleanup.c: warning: symbol 'f' was not declared",
                "vmlinux.o: warning: objtool: f() falls through",
            ])
    }

    @Test func rememberWhatIsNotMadeAgainAndForgetWhatIs() {
        var found = diagnostics(
            "  CC      a.o", "a.c:1: warning: one", "  CC      b.o", "b.c:1: warning: two")
        found.update(fromBuild: ["  CC      b.o"], tree: tree)
        #expect(found.all == ["a.c: warning: one"])
    }

    @Test func onlyWhatWasNotThereBeforeIsNew() {
        let old = diagnostics("  CC      a.o", "a.c:1: warning: one")
        let moved = diagnostics("  CC      a.o", "a.c:7: warning: one")
        let twice = diagnostics("  CC      a.o", "a.c:7: warning: one", "a.c:9: warning: one")
        #expect(moved.new(since: old).isEmpty)
        #expect(twice.new(since: old) == ["a.c: warning: one"])
        #expect(old.new(since: Diagnostics()) == ["a.c: warning: one"])
    }

    @Test func aHeadersWarningIsNotNewInAnotherFile() {
        let old = diagnostics("  CC      a.o", "include/x.h:1: warning: one")
        let new = diagnostics(
            "  CC      a.o", "include/x.h:1: warning: one", "  CC      b.o", "include/x.h:1: warning: one",
            "include/x.h:3: warning: two")
        #expect(new.new(since: old) == ["include/x.h: warning: two"])
    }

    @Test func aFailedBuildIsExplainedByItsErrors() {
        let lines = [
            "  CC      kernel/futex/cleanup.o",
            "/home/me/build/check/mainline/tree/kernel/futex/cleanup.c:3:1: error: unknown type name 'foo'",
            "make[4]: *** [/home/me/build/check/mainline/tree/scripts/Makefile.build:1: x.o] Error 1",
        ]
        #expect(
            LintBuilder.reason(lines, tree: tree)
                == "kernel/futex/cleanup.c:3:1: error: unknown type name 'foo'")
        #expect(
            LintBuilder.reason(
                ["ld: a.o: in function `f':", "a.c:(.text+0x1): undefined reference to `g'"], tree: tree)
                == "a.c:(.text+0x1): undefined reference to `g'")
        #expect(LintBuilder.reason(["a", "b", "c", "d"], tree: tree) == "b\nc\nd")
    }

    @Test func noticesThatMakeRefusesTheChecker() {
        let line = "Makefile:1311: C=2 specified, but sparse is not available or not up to date"
        #expect(LintBuilder.invalidChecker(["a", line]) == line)
        #expect(LintBuilder.invalidChecker(["  CHECK   a.c"]) == nil)
    }

    @Test(arguments: [
        ("echo 'libc.so.6: version not found'; exit 1", false),
        ("echo 'a.c:3: error: typename expected'", false), ("exit 0", true),
    ])
    func sparseThatCannotParseTheKernelIsNotUsable(script: String, isUsable: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let program = directory.appending("sparse")
            try write("#!/bin/sh\n\(script)\n", to: program)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.string)
            #expect(await LintTools.isUsable(program.string) == isUsable)
            #expect(await !LintTools.isUsable(directory.appending("absent").string))
        }
    }
}
