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
            Makes a machine for each release: debootstrap's minbase and the packages that Swift's own guide lists, \
            without recommended ones, below build/fresh; Swift's toolchain is this machine's. Clones what is committed \
            of this checkout into it, and runs each command there as root. Mirrors and keyrings are those of this \
            machine's apt, and Swift packages come from where its git is told to get them. Compiled kernel objects (by \
            build/ccache) and downloaded Debian packages are shared with this machine; nothing else is.

            An interrupted run goes on where it was, and a command that has passed is not run again, until there is \
            another commit; that gets another empty machine. Takes root, and up to 20 GiB for each release. The exit \
            status is 0 only when every command passed, 1 when not, and 253 where no machine can be made.
            """)

    @Option(
        help: "The release, by number or codename; may be repeated. (default: every one that is supported)")
    var release: [String] = []

    @Flag(help: "Begin with empty machines, whatever earlier runs did.")
    var anew = false

    @Argument(parsing: .postTerminator, help: "The command to run in the checkout, after --.")
    var command: [String] = []

    func run() async throws {
        let releases = try release.isEmpty ? DebianRelease.supported : release.map(DebianRelease.named)
        let workshop = try Workshop()
        let check = FreshCheck(workshop)
        try check.requireRoot()
        try await workshop.installPackages(["debootstrap", "debian-archive-keyring"])
        let findings = try await check.run(
            releases: releases, commands: command.isEmpty ? FreshCheck.commandsOfReadme : [command],
            anew: anew)
        print(findings.lines.joined(separator: "\n"))
        guard findings.areGood else { throw ExitCode(1) }
    }
}
