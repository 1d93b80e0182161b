// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A git tree of a kernel in which patches become commits.
///
/// `tree` is the work tree that is built in. Patches are applied in a second, sparse one, which has
/// only the files that they touch: `tree` then changes from one commit to another without going
/// through the unpatched state, which would make everything stale that includes a changed header.
struct LintedTree: Sendable {
    /// A patch that was applied.
    struct Commit: Equatable, Sendable {
        /// The names of the commit and of its contents, as git has them.
        var commit: String
        var contents: String
    }

    let repository: Repository
    let base: Catalogue.Base
    let source: KernelSource
    /// Holds everything about this base.
    let directory: FilePath

    init(repository: Repository, base: Catalogue.Base, source: KernelSource) {
        self.repository = repository
        self.base = base
        self.source = source
        let suffix = UserTree.chosen(for: repository).map { "+\($0.name)" } ?? ""
        directory = repository.build.appending("check").appending(base.name + suffix)
    }

    var tree: FilePath { directory.appending("tree") }
    var applied: FilePath { directory.appending("applied") }
    private var record: FilePath { directory.appending("source") }

    /// Nothing of the user's own configuration of git may change what a check says.
    private static let environment = [
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
        "GIT_COMMITTER_NAME": "check", "GIT_COMMITTER_EMAIL": "check@localhost",
    ]

    func git(_ arguments: [String], in place: FilePath? = nil) -> Tool {
        Tool("git", arguments, directory: place ?? tree, environment: Self.environment)
    }

    /// Lays the tree out when it is missing or of another source.
    func layOut() async throws {
        let identity = Data(source.identity.utf8)
        if Files.exists(tree), (try? Files.read(record)) == identity { return }
        // Objects would look newer than the sources of the new tree.
        try Files.remove(directory)
        try Files.makeDirectory(directory)
        _ = try await Tool(
            repository.root.appending("kernel-patch/tree").string,
            ["--unpatched", "--source", source.tree.string, tree.string],
            directory: repository.root, environment: Self.environment
        ).output()
        _ = try await git(["checkout", "-q", "--detach", "base"]).output()
        try Files.write(identity, to: record)
    }

    /// Makes the sparse work tree anew, at the unpatched source, with room for what `mails` touch.
    func startApplying(_ mails: [Mail]) async throws {
        try Files.remove(applied)
        _ = try await git(["worktree", "prune"]).output()
        _ = try await git(
            ["worktree", "add", "-f", "--no-checkout", "-B", "series", applied.string, "base"]
        ).output()
        let files = Set(mails.flatMap(\.files)).sorted().map { "/" + $0 }
        _ = try await git(["sparse-checkout", "set", "--no-cone"] + files, in: applied).output()
        _ = try await git(["checkout", "-q", "series"], in: applied).output()
    }

    /// `git am`. A patch that does not apply leaves the work tree as it was.
    func apply(_ mail: Mail) async throws -> LintVerdict {
        let result = try await git(
            ["am", "-q", "--committer-date-is-author-date", mail.file.string], in: applied
        ).said()
        if result.succeeded { return .ok }
        _ = try await git(["am", "--abort"], in: applied).said()
        let errors = result.lines.filter { $0.hasPrefix("error: ") || $0.hasPrefix("fatal: ") }
        return .failed((errors.isEmpty ? result.lines : errors).joined(separator: "\n"))
    }

    /// The commit that was made last, or the unpatched source.
    func head() async throws -> Commit {
        try await commit("series")
    }

    func unpatched() async throws -> Commit {
        try await commit("base")
    }

    private func commit(_ name: String) async throws -> Commit {
        let names = try await git(["rev-parse", "\(name)^{commit}", "\(name)^{tree}"]).output()
            .split(separator: "\n")
        return Commit(commit: String(names[0]), contents: String(names[1]))
    }

    /// Brings the work tree to a commit. Files that do not differ keep their times.
    func checkOut(_ commit: Commit) async throws {
        _ = try await git(["checkout", "-q", "-f", "--detach", commit.commit]).output()
    }

    /// A file as it is in a commit; nil when it is not there.
    func contents(of file: String, in commit: Commit) async throws -> String? {
        guard
            try await git(["cat-file", "-e", "\(commit.commit):\(file)"]).said().succeeded
        else { return nil }
        return try await git(["show", "\(commit.commit):\(file)"]).output()
    }

    /// Takes mails apart that are in one file, into files of `directory`.
    func split(_ mbox: FilePath, to directory: FilePath) async throws -> [FilePath] {
        try Files.remove(directory)
        try Files.makeDirectory(directory)
        _ = try await git(["mailsplit", "-o\(directory)", "--", mbox.string]).output()
        return Files.list(directory).map { directory.appending($0) }
    }
}

extension Tool {
    /// Runs the program and returns its output, whether it succeeds or not.
    func said() async throws -> (succeeded: Bool, lines: [String]) {
        var lines: [String] = []
        let status = try await status { lines.append($0) }
        return (status.isSuccess, lines)
    }
}
