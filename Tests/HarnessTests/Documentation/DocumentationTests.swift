// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// Commands and links of the documentation, which have to exist as they are written.
@Suite struct DocumentationTests {
    private let root: FilePath

    init() throws {
        root = try Repository.containing(FilePath(#filePath)).root
    }

    /// The pages, relative to the checkout.
    private func pages() -> [String] {
        [
            "README.md", "kernel-patch/README.md", "kernel-patch/model/README.md", "libc-patch/README.md",
            "qemu/README.md",
        ]
            + Files.list(root.appending("docs")).filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }

    private func page(_ path: String) throws -> DocumentationPage {
        DocumentationPage(try text(of: root.pushing(FilePath(path))))
    }

    @Test func commandLinesNameCommandsAndOptionsThatExist() async throws {
        let manual = try await CommandManual(of: root)
        var lines = 0
        for path in pages() {
            for part in try page(path).commandLines {
                let problem = try await manual.problem(with: ShellWords(part.text))
                #expect(problem == nil, "\(path):\(part.line): \(part.text)")
                lines += 1
            }
        }
        #expect(lines > 0)
    }

    @Test func commandsInSentencesExist() async throws {
        let manual = try await CommandManual(of: root)
        for path in pages() {
            for part in try page(path).codeSpans {
                let words = ShellWords(part.text)
                // A file name alone is no command.
                guard let program = words.words.first, program.hasPrefix("./") || words.words.count > 1,
                    try manual.isOurs(program)
                else { continue }
                let problem = try await manual.problem(with: words)
                #expect(problem == nil, "\(path):\(part.line): \(part.text)")
            }
        }
    }

    /// Named as in `Threads/clearsFromAnyThread`.
    @Test func checksThatAreNamedExist() throws {
        var named = 0
        for path in pages() {
            for part in try page(path).codeSpans {
                guard let match = part.text.wholeMatch(of: /([A-Z]\w+)\/([a-z]\w+)/),
                    let suite = try? text(of: root.pushing(FilePath("Tests/SyscallTests/\(match.1).swift")))
                else { continue }
                #expect(suite.contains("func \(match.2)()"), "\(path):\(part.line): \(part.text)")
                named += 1
            }
        }
        #expect(named > 10)
    }

    @Test func linksLeadToFilesAndHeadings() throws {
        for path in pages() {
            for link in try page(path).links where !link.text.contains("://") {
                let parts = link.text.split(separator: "#", omittingEmptySubsequences: false)
                let directory = root.pushing(FilePath(path)).removingLastComponent()
                let target =
                    parts[0].isEmpty
                    ? root.pushing(FilePath(path))
                    : directory.pushing(FilePath(String(parts[0]))).lexicallyNormalized()
                guard Files.exists(target) else {
                    Issue.record("\(path):\(link.line): there is no \(link.text)")
                    continue
                }
                guard parts.count == 2 else { continue }
                let anchors = DocumentationPage(try text(of: target)).anchors
                #expect(anchors.contains(String(parts[1])), "\(path):\(link.line): \(link.text)")
            }
        }
    }

    @Test func everyPageIsLinkedFromTheReadme() throws {
        let linked = Set(try page("README.md").links.map(\.text))
        for path in pages() where path.hasPrefix("docs/") {
            #expect(linked.contains(path))
        }
    }

    /// The checks above would pass on anything if this one did.
    @Test(arguments: [
        ("./qemu/runs", "./qemu/runs is no command"),
        ("./qemu/run --kernal stock", "run has no option --kernal"),
        ("./qemu/run --kernel stck", "there is no kernel 'stck'"),
        ("./qemu/run --accel hvf", "--accel takes no 'hvf'"),
        ("./qemu/run ls", "run takes no 'ls'"),
        ("./qemu/run --kernel", "--kernel has no value"),
        ("./qemu/compare -- true", "compare takes no command after --"),
        ("./qemu/run -- robust-list-check stres", "robust-list-check has no subcommand 'stres'"),
        ("robust-list-check race --fast", "race has no option --fast"),
        ("kernel-patch/write --chek", "kernel-patch/write has no option --chek"),
        (
            "git send-email --cc-cmd='…/kernel-patch/recipients --cd' out",
            "…/kernel-patch/recipients has no option --cd"
        ),
        ("kernel-patch/mutate --only nothing", "there is no mutation 'nothing'"),
        ("make bzImage", "'make' is no program of this project"),
    ])
    func mistakesAreFound(_ line: String, _ expected: String) async throws {
        #expect(try await CommandManual(of: root).problem(with: ShellWords(line)) == expected)
    }

    @Test func wordsEndWhereTheExplanationBegins() {
        #expect(ShellWords("    A=1 ./x --y 'a b'   said of it").words == ["./x", "--y", "a b"])
        #expect(ShellWords("./x # --z").words == ["./x"])
        #expect(ShellWords("./x \"$(./y 6.12)\" z").quoted == ["./y 6.12"])
    }
}
