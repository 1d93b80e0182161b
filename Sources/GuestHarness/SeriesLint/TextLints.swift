// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The checks of a patch that need nothing compiled.
struct TextLints: Sendable {
    typealias Commit = LintedTree.Commit

    let tree: LintedTree
    let tools: LintTools
    let plan: LintPlan
    /// A directory for the files that the checkers are to read.
    let scratch: FilePath

    /// A verdict, and what was found and does not count.
    typealias Finding = (verdict: LintVerdict, accepted: [String])

    private func judge(_ findings: [String], of check: String) throws -> Finding {
        let (counted, accepted) = try plan.judge(findings, of: check)
        return (LintVerdict(findings: counted), accepted)
    }

    private func script(_ name: String, _ arguments: [String]) -> Tool {
        Tool(name, arguments, directory: tree.tree, environment: tools.systemFirst)
    }

    /// `checkpatch.pl --strict`.
    func checkpatch(_ mail: Mail) async throws -> Finding {
        let dictionary = try await Self.codespellDictionary()
        let said = try await script(
            "perl",
            [
                "scripts/checkpatch.pl", "--strict", "--show-types", "--terse", "--showfile",
                "--no-summary", "--codespell", "--codespellfile", dictionary, mail.file.string,
            ]
        ).said()
        let lines = said.lines.filter { !$0.isEmpty }
        let finding = /.*(?:ERROR|WARNING|CHECK):[A-Z0-9_]+: .*/
        // A script that checkpatch calls and that cannot run: what it would have found is unknown.
        let noise = lines.filter { $0.wholeMatch(of: finding) == nil }
        let result = try judge(lines.filter { $0.wholeMatch(of: finding) != nil }, of: "checkpatch")
        if result.verdict == .ok, !noise.isEmpty {
            return (
                .unchecked("checkpatch was incomplete: \(noise.joined(separator: "; "))"), result.accepted
            )
        }
        if !said.succeeded, lines.isEmpty {
            return (.unchecked("checkpatch failed without any output"), result.accepted)
        }
        return result
    }

    /// The path of the dictionary of Debian's codespell; checkpatch looks for it elsewhere.
    private static func codespellDictionary() async throws -> String {
        let listed = try await Tool("dpkg", ["-L", "codespell"]).said()
        guard
            let path = listed.lines.first(where: { $0.hasSuffix("/codespell_lib/data/dictionary.txt") })
        else { throw HarnessError("the Debian package codespell is not installed") }
        return path
    }

    /// codespell on the message and the added lines of a mail.
    func spelling(_ mail: Mail) async throws -> Finding {
        try await spelling(of: mail.newText, name: mail.file.lastComponent!.string)
    }

    /// codespell on `lines`, which are `name`'s.
    func spelling(of lines: [String], name: String) async throws -> Finding {
        let copy = scratch.appending("spelling").appending(name)
        try Files.write(Data(lines.joined(separator: "\n").utf8), to: copy)
        let said = try await Tool(
            "/usr/bin/codespell", ["--", name], directory: copy.removingLastComponent(),
            environment: tools.systemFirst
        ).said()
        return try judge(said.lines.filter { !$0.isEmpty }, of: "codespell")
    }

    /// `git diff --check`.
    func whitespace(from old: Commit, to new: Commit) async throws -> Finding {
        let said = try await tree.git(["diff", "--check", old.commit, new.commit]).said()
        return try judge(said.lines.filter { !$0.hasPrefix("+") && !$0.hasPrefix("-") }, of: "whitespace")
    }

    /// kernel-doc, on the C files that the patch touches: what it did not say before.
    func kernelDoc(_ mail: Mail, from old: Commit, to new: Commit) async throws -> Finding? {
        let files = mail.files.filter { $0.hasSuffix(".c") || $0.hasSuffix(".h") }
        let script = tree.tree.appending("scripts/kernel-doc")
        // That of 6.1 does not know the option, and does not choose what it warns about.
        let hasChoice = String(decoding: try Files.read(script), as: UTF8.self).contains("Wall")
        return try await compare(files, "kernel-doc", from: old, to: new) { file in
            Tool(
                script.string, ["-none"] + (hasChoice ? ["-Wall"] : []) + [file],
                environment: tools.systemFirst)
        }
    }

    /// docutils, on the .rst files that the patch touches: what it did not say before. It does not
    /// know what is Sphinx's; that is the same before and after.
    func documentation(_ mail: Mail, from old: Commit, to new: Commit) async throws -> Finding? {
        let files = mail.files.filter { $0.hasSuffix(".rst") }
        return try await compare(files, "documentation", from: old, to: new) { file in
            Tool(
                "/usr/bin/python3",
                ["-m", "docutils", "--report=info", "--halt=5", "--writer=null", file],
                environment: tools.systemFirst)
        }
    }

    /// The messages of a checker about files in `new` that it does not give about them in `old`; nil without files.
    private func compare(
        _ files: [String], _ check: String, from old: Commit, to new: Commit, _ checker: (String) -> Tool
    ) async throws -> Finding? {
        if files.isEmpty { return nil }
        var findings: [String] = []
        for file in files {
            var said: [[String]] = []
            for (name, commit) in [("old", old), ("new", new)] {
                guard let text = try await tree.contents(of: file, in: commit) else {
                    said.append([])
                    continue
                }
                let directory = scratch.appending(name)
                try Files.write(Data(text.utf8), to: directory.pushing(FilePath(file)))
                var tool = checker(file)
                tool.directory = directory
                let result = try await tool.said()
                if !result.succeeded, !result.lines.contains(where: { $0.contains(file) }) {
                    throw HarnessError("\(tool.name) failed: \(result.lines.joined(separator: "; "))")
                }
                said.append(result.lines.filter { !$0.isEmpty })
            }
            findings += Self.new(said[1], since: said[0])
        }
        return try judge(findings, of: check)
    }

    /// The lines of `new` that are not in `old`, wherever in the file they are about.
    static func new(_ new: [String], since old: [String]) -> [String] {
        func place(_ line: String) -> String { line.replacing(/:\d+(?=[: ])/, with: "") }
        var left = old.map(place)
        return new.filter { line in
            guard let index = left.firstIndex(of: place(line)) else { return true }
            left.remove(at: index)
            return false
        }
    }

    /// Checks that MAINTAINERS says who looks after the files that the patch creates; nil when it creates none. The
    /// tree has to have the files.
    func maintainers(_ mail: Mail) async throws -> Finding? {
        if mail.created.isEmpty { return nil }
        var findings: [String] = []
        for file in mail.created {
            let sections = try await script(
                "perl",
                [
                    "scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-email", "--no-l",
                    "--sections", "-f", file,
                ]
            ).output()
            if !Self.names(aSectionIn: sections) {
                findings.append("\(file): only THE REST of MAINTAINERS covers it")
            }
        }
        return try judge(findings, of: "MAINTAINERS")
    }

    /// Tells whether `get_maintainer.pl --sections` names a section other than THE REST, which covers everything.
    static func names(aSectionIn sections: String) -> Bool {
        sections.split(separator: "\n\n").contains { section in
            let title = section.split(separator: "\n").first.map(String.init) ?? ""
            return !title.isEmpty && title != "THE REST"
        }
    }
}
