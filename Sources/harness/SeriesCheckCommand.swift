// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `kernel-patch/check`.
struct SeriesCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says whether the kernel series, or patches of your own on top of it, can be mailed.",
        usage: """
            kernel-patch/check [--builds REGEX] [--base BASE]            the series
            kernel-patch/check [--builds REGEX] [--base BASE] PATCH ...  your patches, on top of the series
            """,
        discussion: """
            On a clean tree: every patch applies with git am, builds in every configuration of \
            kernel-patch/check.json without a new warning from the compiler (W=1) or from sparse, and has nothing \
            that checkpatch --strict, codespell, kernel-doc, docutils or git diff --check object to; the mails \
            are in form; the manual page is clean; the series is what its tree would write.

            It prints a table (ok, FAILED, ? for what could not be checked, - for what does not apply), then the \
            reason of each FAILED and each ?. The exit status is 0 only when nothing failed, 1 when something \
            did, 64 for bad usage and 253 when nothing could be checked.

            Everything it makes is in build/check. What was built once is not built again, so an interrupted \
            run goes on where it was. Environment: LINUX_SRC=DIR checks on the kernel source in DIR.
            """)

    @Option(help: "The base in qemu/kernels.json whose series to check.")
    var base = "mainline"

    @Option(
        help: ArgumentHelp(
            "Do only the builds in kernel-patch/check.json whose whole name matches; '' for none.",
            discussion: "The others count as not checked.", valueName: "regex"))
    var builds: String?

    @Argument(help: "Mails as git format-patch writes them, or an mbox; applied in this order.")
    var patches: [String] = []

    func run() async throws {
        let workshop = try Workshop()
        let check = try SeriesCheck(workshop, base: base, patches: patches, builds: builds)
        try await workshop.installPackages()
        try await workshop.tryToInstallPackages(
            ["codespell", "groff", "man-db", "mandoc", "python3-docutils", "python3-git", "python3-ply"],
            without: "going on without them")
        let table = try await check.run()
        print(table.lines.joined(separator: "\n"))
        guard table.isGood else { throw ExitCode(1) }
    }
}
