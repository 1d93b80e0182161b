// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `./qemu/fresh-check`.
struct FreshCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fresh-check",
        abstract: "Runs the README's two commands on empty Debian machines.",
        usage: """
            ./qemu/fresh-check [--release RELEASE …]                     ./qemu/run and ./test
            ./qemu/fresh-check [--release RELEASE …] -- COMMAND [ARG …]  another command
            """,
        discussion: """
            Makes a machine for each release in build/fresh: debootstrap's minbase and the packages that Swift's own \
            guide lists, without recommended ones, with the Swift toolchain of this machine. Clones what is committed \
            in this checkout into it, and runs each command there as root. Mirrors and keyrings are those of this \
            machine's apt, and Swift packages come from wherever this machine's git is configured to fetch them. The \
            compile cache (build/ccache) is shared with this machine; downloaded Debian packages are kept between runs.

            An interrupted run continues where it left off, and a command that passed is not run again. Another commit \
            gets another empty machine. Needs root, and up to 20 GiB for each release. The exit status is 0 only if \
            every command passed, 1 if one did not, and 253 if no machine can be made.
            """)

    @Option(
        help: "Debian release, by number or codename; may be repeated. (default: all supported ones)")
    var release: [String] = []

    @Flag(help: "Start with empty machines, whatever earlier runs did.")
    var anew = false

    @Argument(parsing: .postTerminator, help: "The command to run in the checkout, after --.")
    var command: [String] = []

    func run() async throws {
        let releases = try release.isEmpty ? DebianRelease.supported : release.map(DebianRelease.named)
        let builders = try Builders()
        let check = FreshCheck(builders)
        try check.requireRoot()
        try await builders.installPackages(["debootstrap", "debian-archive-keyring"])
        let findings = try await check.run(
            releases: releases, commands: command.isEmpty ? FreshCheck.commandsOfReadme : [command],
            anew: anew)
        print(findings.lines.joined(separator: "\n"))
        guard findings.areGood else { throw ExitCode(1) }
    }
}
