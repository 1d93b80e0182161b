// SPDX-License-Identifier: MIT

import SystemPackage

/// Runs the checkers of manual pages on the series's page.
struct ManualPage: Sendable {
    let page: FilePath
    let tools: LintTools
    let texts: TextLints

    /// Each checker and its finding.
    func check() async throws -> [(check: String, finding: TextLints.Finding)] {
        var results: [(String, TextLints.Finding)] = []
        let checkers: [(String, Tool)] = [
            ("manual page: mandoc", tool("/usr/bin/mandoc", ["-T", "lint", "-W", "all"])),
            ("manual page: groff", tool("/usr/bin/groff", ["-man", "-ww", "-z", "-T", "utf8"])),
            ("manual page: man", tool("/usr/bin/man", ["--warnings", "-T", "utf8", "-Z", "-l"])),
        ]
        for (name, checker) in checkers {
            do {
                var said = try await checker.said()
                if name.hasSuffix("man") {
                    // Beside its warnings, man prints the page, as groff's commands without colons.
                    let warning = /(?:man|troff|groff|an\.tmac|<standard input>)[:<].*/
                    said.lines = said.lines.filter { $0.wholeMatch(of: warning) != nil }
                }
                results.append((name, try judge(said.lines, of: name)))
            } catch let error as HarnessError {
                results.append((name, (.unchecked(error.description), [])))
            }
        }
        // The words, not the escapes between them.
        let lines = String(decoding: try Files.read(page), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0).replacing(/\\\[[A-Za-z0-9]+\]|\\f[BIRP]/, with: " ") }
        results.append(
            ("manual page: codespell", try await texts.spelling(of: lines, name: page.lastComponent!.string)))
        return results
    }

    private func tool(_ program: String, _ arguments: [String]) -> Tool {
        Tool(
            program, arguments + [page.lastComponent!.string], directory: page.removingLastComponent(),
            environment: tools.systemFirst.merging(["MANWIDTH": "80"]) { first, _ in first })
    }

    private func judge(_ lines: [String], of check: String) throws -> TextLints.Finding {
        let (counted, accepted) = try texts.plan.judge(lines.filter { !$0.isEmpty }, of: check)
        return (LintVerdict(findings: counted), accepted)
    }
}
