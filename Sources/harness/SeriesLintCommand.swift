// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `kernel-patch/check`.
struct SeriesLintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks whether the kernel series, or your own patches on top of it, can be mailed.",
        usage: """
            kernel-patch/check [--builds REGEX] [--base BASE]            the series
            kernel-patch/check [--builds REGEX] [--base BASE] PATCH ...  your patches, on top of the series
            kernel-patch/check --suite [--base BASE]                     the tests at each patch of the series
            """,
        discussion: """
            Checks on a clean tree that every patch applies with git am; that it builds in every configuration in \
            kernel-patch/check.json without a new warning from the compiler (W=1) or from sparse; that checkpatch \
            --strict, codespell, kernel-doc, docutils and git diff --check have no objection; that the mails are well \
            formed, the manual page is clean, and the series is what its tree would write.

            Prints a table (ok, FAILED, ? for what could not be checked, - for what does not apply), then the \
            reason for each FAILED and each ?. The exit status is 0 if nothing failed, 1 if something did, 64 for \
            bad usage, and 253 if nothing could be checked.

            With --suite, does none of that: builds the kernel at each patch from the one that makes the call \
            available, and runs the suite and the finished selftest on it. Tests that need what a patch does not cover \
            yet (kernel-patch/check.json names the patch that brings it) must be skipped for that reason; all others \
            must pass, and all of them at the last patch. Prints a table and the tests that each patch adds.

            Everything it makes is in build/check. Nothing is built twice, so an interrupted run continues where it \
            left off. With LINUX_SRC=DIR in the environment, it uses the kernel source in DIR.
            """)

    @Option(help: "Base in qemu/kernels.json whose series is checked.")
    var base = "mainline"

    @Option(
        help: ArgumentHelp(
            "Do only the builds in kernel-patch/check.json whose whole name matches this regular expression; '' for none.",
            discussion: "The others count as not checked.", valueName: "regex"))
    var builds: String?

    @Flag(help: "Run the suite and the selftest at each patch.")
    var suite = false

    @Argument(help: "Mails as git format-patch writes them, or an mbox, in the order to apply them.")
    var patches: [String] = []

    func validate() throws {
        guard suite, builds != nil || !patches.isEmpty else { return }
        throw ValidationError("--suite is about the series itself: it takes neither --builds nor patches")
    }

    func run() async throws {
        if suite { return try await runSuite() }
        let builders = try Builders()
        let lint = try SeriesLint(builders, base: base, patches: patches, builds: builds)
        try await builders.installPackages()
        try await builders.tryToInstallPackages(
            ["codespell", "groff", "man-db", "mandoc", "python3-docutils", "python3-git", "python3-ply"],
            without: "going on without them")
        let table = try await lint.run()
        print(table.lines.joined(separator: "\n"))
        guard table.isGood else { throw ExitCode(1) }
    }

    private func runSuite() async throws {
        let builders = try Builders()
        let run = try SeriesSuiteRun(builders, base: base)
        try await builders.installPackages()
        let report = try await run.run()
        let file = run.directory.appending("report.json")
        try Files.write(report.encoded, to: file)
        print(report.lines.joined(separator: "\n"))
        print("report   \(file)")
        guard report.isGood else { throw ExitCode(1) }
    }
}
