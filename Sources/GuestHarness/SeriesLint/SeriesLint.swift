// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// `kernel-patch/check`: whether a series, or patches of the user's on top of it, can be mailed.
public struct SeriesLint {
    let builders: Builders
    let base: Catalogue.Base
    let plan: LintPlan
    let tools: LintTools
    /// The user's patches; empty to check the series itself.
    let patches: [FilePath]
    /// The names of the builds that are wanted; nil for all.
    let builds: String?

    /// - Parameters:
    ///   - base: the name of a base in the catalogue.
    ///   - patches: paths of mails or of mboxes; none to check the series itself.
    ///   - builds: a regular expression for the names of the builds to do; nil for all.
    public init(_ builders: Builders, base: String, patches: [String], builds: String?) throws {
        self.builders = builders
        self.base = try builders.catalogue.base(named: base)
        let current = FilePath(FileManager.default.currentDirectoryPath)
        self.patches = patches.map { current.pushing(FilePath($0)).lexicallyNormalized() }
        self.builds = builds
        do {
            _ = try builds.map { try Regex($0) }
        } catch {
            throw HarnessError(
                "--builds '\(builds ?? "")' is not a regular expression: \(error)", status: .usage)
        }
        let root = builders.repository.root
        plan = try LintPlan(contentsOf: root.appending("kernel-patch/check.json"))
        tools = LintTools(repository: builders.repository, progress: builders.progress)
        for patch in self.patches where access(patch.string, R_OK) != 0 {
            throw HarnessError("cannot read \(patch): \(String(cString: strerror(errno)))", status: .usage)
        }
    }

    private var progress: Progress { builders.progress }
    private var series: FilePath { builders.repository.root.appending(base.series) }

    /// Runs all checks. Throws only what keeps it from checking anything.
    public func run() async throws -> LintTable {
        let mails = try PatchSeries(directory: series).patches.map {
            try Mail(file: series.appending($0.name))
        }
        let source = try await SourceStore(repository: builders.repository, progress: progress)
            .source(of: base)
        let tree = LintedTree(repository: builders.repository, base: base, source: source)
        let lock = builders.repository.build.appending("check/.lock-\(base.name)")
        return try await FileLock.withLock(lock, progress: progress) {
            try await progress.stage("tree of \(source.identity)") { try await tree.layOut() }
            return try await check(mails, on: tree)
        }
    }

    private func check(_ series: [Mail], on tree: LintedTree) async throws -> LintTable {
        let own = try await userMails(tree)
        let checked = patches.isEmpty ? series : own
        var table = LintTable(patches: checked.count)
        try await tree.startApplying(series + own)
        var commits = [try await tree.unpatched()]
        if !patches.isEmpty {
            for mail in series {
                guard case .ok = try await tree.apply(mail) else {
                    throw HarnessError("\(mail.file) of the series does not apply to \(tree.source.identity)")
                }
            }
            commits = [try await tree.head()]
        }
        for (index, mail) in checked.enumerated() {
            if commits.count == index + 1 {
                let verdict = try await tree.apply(mail)
                table.record("git am", patch: index, verdict)
                if verdict == .ok { commits.append(try await tree.head()) }
            } else {
                table.record("git am", patch: index, .unchecked("a patch before it does not apply"))
            }
        }
        try await tree.checkOut(commits[commits.count - 1])
        let scratch = tree.directory.appending("scratch")
        try Files.remove(scratch)
        let texts = TextLints(tree: tree, tools: tools, plan: plan, scratch: scratch)
        try await progress.stage("mails") {
            try await checkTexts(checked, commits, texts, &table)
            if patches.isEmpty {
                try await checkSeries(checked.count, commits, tree, texts, &table)
            }
        }
        try await BuildLints(
            tree: tree, tools: tools, plan: plan, progress: progress,
            isMainline: base.name == builders.catalogue.bases.first?.name, wanted: builds
        ).run(checked, commits, &table)
        return table
    }

    /// The mails in the user's files. Cover letters have nothing to apply.
    private func userMails(_ tree: LintedTree) async throws -> [Mail] {
        var mails: [Mail] = []
        for (index, patch) in patches.enumerated() {
            let directory = tree.directory.appending("mails/\(index + 1)")
            for file in try await tree.split(patch, to: directory) {
                let mail = try Mail(file: file)
                if !mail.files.isEmpty { mails.append(mail) }
            }
        }
        if mails.isEmpty, !patches.isEmpty {
            throw HarnessError(
                "no patch in \(patches.map(\.string).joined(separator: ", ")): expected mails as git format-patch writes them",
                status: .usage)
        }
        return mails
    }

    private func checkTexts(
        _ mails: [Mail], _ commits: [LintedTree.Commit], _ texts: TextLints, _ table: inout LintTable
    ) async throws {
        for (index, mail) in mails.enumerated() {
            progress.update("patch \(index + 1) of \(mails.count)")
            table.record(
                "form of the mail", patch: index,
                LintVerdict(
                    findings: mail.problems(
                        place: patches.isEmpty ? (number: index + 1, count: mails.count) : nil)))
            try await record("checkpatch --strict", index, &table) { try await texts.checkpatch(mail) }
            try await record("codespell", index, &table) { try await texts.spelling(mail) }
            guard index + 1 < commits.count else {
                for check in ["git diff --check", "kernel-doc", "documentation", "MAINTAINERS"] {
                    table.record(check, patch: index, .unchecked("the patch does not apply"))
                }
                continue
            }
            let (old, new) = (commits[index], commits[index + 1])
            try await record("git diff --check", index, &table) {
                try await texts.whitespace(from: old, to: new)
            }
            try await record("kernel-doc", index, &table) {
                try await texts.kernelDoc(mail, from: old, to: new)
            }
            try await record("documentation", index, &table) {
                try await texts.documentation(mail, from: old, to: new)
            }
            try await record("MAINTAINERS", index, &table) { try await texts.maintainers(mail) }
        }
    }

    /// Runs the checks of the project's own series that are not about a single patch.
    private func checkSeries(
        _ count: Int, _ commits: [LintedTree.Commit], _ tree: LintedTree, _ texts: TextLints,
        _ table: inout LintTable
    ) async throws {
        let letter = series.appending("0000-cover-letter.patch")
        if Files.exists(letter) {
            let mail = try Mail(file: letter)
            table.record("form of the mail", LintVerdict(findings: mail.coverProblems(count: count)))
            try await record("codespell", nil, &table) {
                try await texts.spelling(of: mail.lines, name: "0000-cover-letter.patch")
            }
        }
        if commits.count == count + 1 {
            try await record("equals what its tree writes", nil, &table) {
                try await said(
                    "kernel-patch/write", ["--check", "--series", series.string, tree.applied.string])
            }
        } else {
            table.record("equals what its tree writes", .unchecked("a patch does not apply"))
        }
        if Files.exists(series.appending("recipients.txt")) {
            try await record("recipients", nil, &table) {
                try await said("kernel-patch/recipients", ["--check", tree.tree.string])
            }
        }
        for name in Files.list(series) where name.hasSuffix(".2") {
            let page = ManualPage(page: series.appending(name), tools: tools, texts: texts)
            for (check, finding) in try await page.check() {
                table.record(check, finding.verdict)
                for reason in finding.accepted { table.note(reason) }
            }
        }
    }

    /// A script of this project whose findings are its output.
    private func said(_ script: String, _ arguments: [String]) async throws -> TextLints.Finding {
        let root = builders.repository.root
        let result = try await Tool(
            root.pushing(FilePath(script)).string, arguments, directory: root,
            environment: tools.systemFirst
        ).said()
        if result.succeeded { return (.ok, []) }
        return (.failed(result.lines.joined(separator: "\n")), [])
    }

    private func record(
        _ check: String, _ patch: Int?, _ table: inout LintTable,
        _ body: () async throws -> TextLints.Finding?
    ) async throws {
        var accepted: [String] = []
        var applies = true
        let verdict = try await LintVerdict.of {
            guard let finding = try await body() else {
                applies = false
                return .ok
            }
            accepted = finding.accepted
            return finding.verdict
        }
        if applies { table.record(check, patch: patch, verdict) }
        for reason in accepted { table.note(reason) }
    }
}
