// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Runs commands of the README on machines with nothing on them.
public struct FreshCheck: Sendable {
    /// The outcome of a command on a machine.
    public struct Finding: Codable, Equatable, Sendable {
        public var release: String
        public var command: [String]
        public var commit: String
        /// Of the command; above 128 when a signal ended it.
        public var status: Int32
        public var seconds: Double
        public var log: String
    }

    /// The commands that the README begins with.
    public static let commandsOfReadme = [["./qemu/run"], ["./test"]]

    let repository: Repository
    let progress: Progress

    public init(_ builders: Builders) {
        repository = builders.repository
        progress = builders.progress
    }

    /// The most space that a release's machine takes, in bytes; a kernel and the Swift package are built on it twice.
    private static let room = 20 << 30

    /// Runs each command on a machine of each release, and goes on after one that fails. One that has passed at this
    /// commit already is not run again.
    ///
    /// - Parameter anew: true to forget earlier runs.
    public func run(
        releases: [DebianRelease], commands: [[String]], anew: Bool
    ) async throws -> [Finding] {
        try await requireMeans()
        let commit = try await git(["rev-parse", "HEAD"])
        if !(try await git(["status", "--porcelain"])).isEmpty {
            progress.note("changes that are not committed are not in the clone")
        }
        var findings: [Finding] = []
        for release in releases {
            let machine = FreshMachine(release: release, repository: repository, progress: progress)
            findings += try await FileLock.withLock(machine.directory.appending(".lock"), progress: progress)
            {
                try await run(commands, on: machine, commit: commit, anew: anew)
            }
        }
        return findings
    }

    private func run(
        _ commands: [[String]], on machine: FreshMachine, commit: String, anew: Bool
    ) async throws -> [Finding] {
        let file = machine.directory.appending("findings.json")
        if anew { try Files.remove(machine.directory.appending("machine.json")) }
        let isNew = try await machine.make(commit: commit)
        var known = isNew ? [] : (try? JSONDecoder().decode([Finding].self, from: Files.read(file))) ?? []
        var findings: [Finding] = []
        for command in commands {
            if let passed = known.first(where: { $0.command == command && $0.status == 0 }) {
                findings.append(passed)
                continue
            }
            let finding = try await run(command, on: machine, commit: commit)
            known.removeAll { $0.command == command }
            known.append(finding)
            try Files.write(json: known, to: file)
            findings.append(finding)
        }
        return findings
    }

    private func run(_ command: [String], on machine: FreshMachine, commit: String) async throws -> Finding {
        let words = command.map(Tool.shellQuoted).joined(separator: " ")
        let log = machine.directory.appending("\(Self.stem(of: command)).log")
        try Files.write(Data("$ \(words)\n".utf8), to: log)
        let start = ContinuousClock.now
        let end = try await progress.stage("\(machine.release.description): \(words)") {
            try await machine.runInCheckout(command, log: log)
        }
        let status: Int32 =
            switch end {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Finding(
            release: machine.release.description, command: command, commit: commit, status: status,
            seconds: (ContinuousClock.now - start) / .seconds(1), log: log.string)
    }

    /// A name for a command's log.
    static func stem(of command: [String]) -> String {
        let words = command.joined(separator: " ").split { !$0.isLetter && !$0.isNumber }
        return String(words.joined(separator: "-").prefix(60))
    }

    /// Refuses a user who cannot make a machine.
    public func requireRoot() throws {
        guard geteuid() == 0 else {
            throw HarnessError(
                "only root can make a machine, because file systems are mounted and the root directory is changed: sudo -E env PATH=\"$PATH\" ./qemu/fresh-check"
            )
        }
    }

    /// Refuses where no machine can be made.
    private func requireMeans() async throws {
        try requireRoot()
        var said: [String] = []
        let mounting = try await Tool("unshare", ["--mount", "--pid", "--fork", "true"]).status {
            said.append($0)
        }
        guard mounting.isSuccess else {
            throw HarnessError(
                "root may not mount here (\(said.joined(separator: "; "))): in a container, give it CAP_SYS_ADMIN"
            )
        }
        try Files.makeDirectory(repository.build)
        if let free = Files.freeSpace(repository.build), free < Self.room {
            throw HarnessError(
                "\(repository.build) has \(free >> 30) GiB left; a machine with kernels built in it takes up to \(Self.room >> 30) GiB"
            )
        }
        _ = try await SwiftToolchain.ofMachine(repository)
    }

    private func git(_ arguments: [String]) async throws -> String {
        try await Tool("git", ["-C", repository.root.string] + arguments).output()
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension [FreshCheck.Finding] {
    /// True when there is at least one finding, and all passed.
    public var areGood: Bool { !isEmpty && allSatisfy { $0.status == 0 } }

    /// A table for people.
    public var lines: [String] {
        let rows = map { finding in
            [
                finding.release, finding.command.map(Tool.shellQuoted).joined(separator: " "),
                finding.status == 0 ? "passed" : "FAILED (status \(finding.status))",
                Progress.format(seconds: finding.seconds), finding.log,
            ]
        }
        return TextTable.lines(of: [["RELEASE", "COMMAND", "RESULT", "TIME", "LOG"]] + rows)
    }
}
