// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage

/// A machine with nothing on it but a release of Debian and Swift, below `build/fresh`, with this machine's kernel.
struct FreshMachine {
    let release: DebianRelease
    let repository: Repository
    let progress: Progress

    /// Holds everything about this release.
    var directory: FilePath { repository.build.appending("fresh").appending(release.codename) }
    /// The machine as a stranger has it before the first command, which nothing changes.
    private var empty: FilePath { directory.appending("empty") }
    /// The copy that commands run in.
    var root: FilePath { directory.appending("machine") }
    /// The packages that were downloaded.
    private var archives: FilePath { directory.appending("archives") }

    /// The checkout's place on the machine.
    static let checkout: FilePath = "/root/robust-futex"

    /// Everything that an empty machine depends on. Kept beside it; a machine that was made from something else is made anew.
    private struct Inputs: Codable, Equatable {
        var sources: [String]
        var packages: [String]
        var redirections: [String]
    }

    /// The commit and the empty machine that the machine for commands was made from.
    private struct Record: Codable, Equatable {
        var commit: String
        var empty: Inputs
    }

    /// Makes the empty machine unless it is there.
    private func makeEmpty() async throws -> Inputs {
        let machine = try await AptArchives.ofMachine()
        let codename = try AptArchives.codenameOfMachine()
        let redirections = try await GitRedirections.ofMachine()
        let inputs = Inputs(
            sources: try release.sources(from: machine, machineRunning: codename),
            packages: DebianRelease.swiftDependencies,
            redirections: redirections.settings.map { "\($0.name)=\($0.value)" })
        let stamp = Stamp<Inputs>(directory.appending("empty.json"))
        if Files.exists(empty), stamp.isCurrent(for: inputs) { return inputs }
        let partial = directory.appending("empty.partial")
        for old in [stamp.file, empty, partial] { try await Self.remove(old) }
        try Files.makeDirectory(archives.appending("partial"))
        try await progress.stage("\(release.description): debootstrap") {
            try await debootstrap(to: partial, from: machine.archive(of: codename)!)
        }
        try await progress.stage("\(release.description): what Swift needs") {
            try await configure(partial, inputs.sources, redirections)
            try await run(
                [
                    "sh", "-c",
                    "apt-get update -q && apt-get install -y -q --no-install-recommends \"$@\"", "sh",
                ] + DebianRelease.swiftDependencies, in: partial, directory: "/",
                log: directory.appending("swift.log"))
        }
        try Files.rename(partial, to: empty)
        try stamp.set(inputs)
        return inputs
    }

    private func debootstrap(to target: FilePath, from archive: AptArchives.Archive) async throws {
        let keyring = archive.signedBy ?? "/usr/share/keyrings/debian-archive-keyring.gpg"
        let log = directory.appending("debootstrap.log")
        try await Tool(
            "debootstrap",
            [
                "--variant=minbase", "--keyring=\(keyring)", "--cache-dir=\(archives)", release.codename,
                target.string, archive.uri,
            ]
        ).runLogged(to: log) { progress.update(String($0.prefix(60))) }
    }

    /// Gives a machine the network and the mirrors that this one has.
    private func configure(_ root: FilePath, _ sources: [String], _ redirections: GitRedirections)
        async throws
    {
        let etc = root.appending("etc")
        func write(_ lines: [String], to name: String) throws {
            try Files.write(
                Data((lines.joined(separator: "\n") + "\n").utf8), to: etc.pushing(FilePath(name)))
        }
        try write(sources, to: "apt/sources.list")
        // The host's settings for reaching a mirror, and for how old lists may be.
        let settings = try await Tool("apt-config", ["dump", "Acquire"]).output().split(separator: "\n")
            .filter { $0.contains(/^Acquire::(https?|Check-|Retries)/) }
        try write(settings.map(String.init), to: "apt/apt.conf.d/90fresh-machine")
        for name in ["resolv.conf", "hosts"] {
            try Files.write(try Files.read(FilePath("/etc").appending(name)), to: etc.appending(name))
        }
        for archive in sources {
            guard let keyring = archive.firstMatch(of: /\[signed-by=(\/[^\]]+)\]/)?.1 else { continue }
            let path = FilePath(String(keyring))
            try Files.write(try Files.read(path), to: root.pushing(FilePath(String(keyring.dropFirst()))))
        }
        for setting in redirections.settings {
            _ = try await Tool(
                "git",
                [
                    "config", "--file", etc.appending("gitconfig").string, "--add", setting.name,
                    setting.value,
                ]
            ).output()
        }
    }

    /// Makes the machine with a clone of the checkout, unless there is one for the same commit: what was run in that goes
    /// on where it was.
    ///
    /// - Returns: true if the machine is a new one.
    func make(commit: String) async throws -> Bool {
        let record = Record(commit: commit, empty: try await makeEmpty())
        let file = directory.appending("machine.json")
        if Files.exists(root), (try? JSONDecoder().decode(Record.self, from: Files.read(file))) == record {
            return false
        }
        try await progress.stage("\(release.description): empty machine, clone of the checkout") {
            let partial = directory.appending("machine.partial")
            for old in [file, root, partial] { try await Self.remove(old) }
            _ = try await Tool("cp", ["-a", "--reflink=auto", "--", empty.string, partial.string]).output()
            let clone = partial.pushing(FilePath(String(Self.checkout.string.dropFirst())))
            _ = try await Tool(
                "git", ["clone", "-q", "--no-hardlinks", "--", repository.root.string, clone.string]
            ).output()
            _ = try await Tool("git", ["-C", clone.string, "checkout", "-q", "--detach", commit]).output()
            try Files.rename(partial, to: root)
        }
        try Files.write(json: record, to: file)
        return true
    }

    /// Runs a command in the checkout on the machine.
    func runInCheckout(_ command: [String], log: FilePath) async throws -> TerminationStatus {
        let cache = repository.build.appending("ccache")
        try Files.makeDirectory(cache)
        let tool = try await enter(
            root, directory: Self.checkout, command,
            shares: [(cache, Self.checkout.appending("build/ccache"))])
        try Files.makeDirectory(log.removingLastComponent())
        let file = try FileDescriptor.open(
            log, .writeOnly, options: [.create, .append],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        return try await file.closeAfter { () async throws -> TerminationStatus in
            try await tool.status { line in
                try file.writeAll(Data("\(line)\n".utf8))
                progress.update(String(line.prefix(100)))
            }
        }
    }

    private func run(_ command: [String], in root: FilePath, directory: FilePath, log: FilePath) async throws
    {
        try await enter(root, directory: directory, command).runLogged(to: log) {
            progress.update(String($0.prefix(60)))
        }
    }

    /// The command that runs `command` on the machine below `root`, with nothing of this one's environment but the way
    /// to the network.
    private func enter(
        _ root: FilePath, directory: FilePath, _ command: [String],
        shares: [(directory: FilePath, target: FilePath)] = []
    ) async throws -> Tool {
        let toolchain = try await SwiftToolchain.ofMachine(repository)
        let redirections = try await GitRedirections.ofMachine()
        var arguments = [root.string, directory.string, "--read-only", toolchain.directory.string]
        for path in redirections.directories where Files.exists(FilePath(path)) {
            arguments += ["--read-only", path]
        }
        for share in [(archives, "/var/cache/apt/archives")] + shares {
            arguments += ["--share", share.directory.string, share.target.string]
        }
        let path = "\(toolchain.programs):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = ["HOME=/root", "TERM=dumb", "PATH=\(path)"] + Self.proxies
        return Tool(
            repository.root.appending("qemu/enter-root").string,
            arguments + ["--", "env", "-i"] + environment + ["DEBIAN_FRONTEND=noninteractive"] + command)
    }

    private static var proxies: [String] {
        ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].compactMap {
            name in
            ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" }
        }
    }

    /// Removes a machine. What is mounted in one is so in namespaces of their own; should it ever not be, another file
    /// system is left alone.
    private static func remove(_ path: FilePath) async throws {
        _ = try await Tool("rm", ["-rf", "--one-file-system", "--", path.string]).output()
    }
}
