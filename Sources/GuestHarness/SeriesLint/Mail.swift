// SPDX-License-Identifier: MIT

import SystemPackage

/// A patch as a mail, as `git format-patch` writes it.
struct Mail: Sendable {
    var file: FilePath
    /// Header fields by lower-case name, continuation lines joined.
    private(set) var header: [String: String] = [:]
    /// The commit message, without the subject.
    private(set) var message: [String] = []
    /// The names in `diff --git` lines, without `a/` and `b/`; sorted.
    private(set) var files: [String] = []
    /// Those of them that the patch creates.
    private(set) var created: [String] = []
    private(set) var lines: [String]

    init(file: FilePath) throws {
        self.init(file: file, text: String(decoding: try Files.read(file), as: UTF8.self))
    }

    init(file: FilePath, text: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let end = lines.firstIndex(of: "") ?? lines.endIndex
        var name = ""
        for line in lines[..<end] {
            if let match = line.wholeMatch(of: /([A-Za-z-]+): *(.*)/) {
                name = match.1.lowercased()
                header[name] = String(match.2)
            } else if line.hasPrefix(" ") || line.hasPrefix("\t") {
                header[name]? += " " + line.drop { $0 == " " || $0 == "\t" }
            }
        }
        message = lines[end...].dropFirst().prefix { $0 != "---" && !$0.hasPrefix("diff --git ") }.map { $0 }
        var names: Set<String> = []
        var current = ""
        for line in lines {
            if let match = line.wholeMatch(of: /diff --git a\/(.+) b\/(.+)/) {
                current = String(match.2)
                names.formUnion([String(match.1), current])
            } else if line.hasPrefix("new file mode ") {
                created.append(current)
            }
        }
        files = names.sorted()
    }

    /// The subject without `[PATCH …]`.
    var summary: String {
        (header["subject"] ?? "").replacing(/^(\[[^\]]*\] *)+/, with: "")
    }

    /// C and assembly sources of the kernel itself among the files.
    var kernelSources: [String] {
        let elsewhere = ["tools/", "samples/", "scripts/", "Documentation/", "usr/"]
        return files.filter { file in
            (file.hasSuffix(".c") || file.hasSuffix(".S")) && !elsewhere.contains { file.hasPrefix($0) }
        }
    }

    /// The text that the patch brings: its message and added lines, each at its own line number.
    var newText: [String] {
        let start = lines.firstIndex(of: "---") ?? lines.endIndex
        return lines.enumerated().map { index, line in
            if index < start { return line.hasPrefix("From ") ? "" : line }
            return line.hasPrefix("+") && !line.hasPrefix("+++ ") ? String(line.dropFirst()) : ""
        }
    }

    /// The violations of Documentation/process/submitting-patches.rst in a patch's mail, as far as checkpatch does not
    /// look for them.
    ///
    /// - Parameter place: number and count in the series; nil when it is a patch of its own.
    func problems(place: (number: Int, count: Int)?) -> [String] {
        var problems: [String] = []
        let author = header["from"] ?? ""
        if author.isEmpty { problems.append("no From") }
        if header["date"] == nil { problems.append("no Date") }
        if let place {
            let number = "\(place.number)/\(place.count)"
            if (header["subject"] ?? "").wholeMatch(of: try! Regex("\\[PATCH[^\\]]* 0*\(number)\\].*")) == nil
            {
                problems.append("the subject is not numbered [PATCH \(number)]: \(header["subject"] ?? "")")
            }
        }
        if summary.isEmpty {
            problems.append("no subject")
        } else {
            if summary.count >= 75 {
                problems.append("the subject has \(summary.count) characters, 74 are the most: \(summary)")
            }
            if summary.wholeMatch(of: /[^ ].*: [^ ].*/) == nil {
                problems.append("the subject names no subsystem: \(summary)")
            }
            if summary.hasSuffix(".") { problems.append("the subject ends in a full stop: \(summary)") }
        }
        let signatures = message.filter { $0.hasPrefix("Signed-off-by: ") }.map { $0.dropFirst(15) }
        if signatures.isEmpty {
            problems.append("no Signed-off-by")
        } else if !signatures.contains(where: { $0 == author }) {
            problems.append("no Signed-off-by of the author, \(author)")
        }
        let trailer = /[A-Z][A-Za-z-]+-by: .*|Link: .*/
        if message.allSatisfy({ $0.isEmpty || $0.wholeMatch(of: trailer) != nil }) {
            problems.append("no description, only a subject")
        }
        return problems
    }

    /// The problems of a cover letter.
    ///
    /// - Parameter count: the patches it introduces.
    func coverProblems(count: Int) -> [String] {
        var problems: [String] = []
        let subject = header["subject"] ?? ""
        if subject.wholeMatch(of: try! Regex("\\[PATCH[^\\]]* 0+/\(count)\\] .+")) == nil {
            problems.append("the subject is not numbered [PATCH 0/\(count)]: \(subject)")
        }
        for mark in ["*** SUBJECT HERE ***", "*** BLURB HERE ***"]
        where lines.contains(where: { $0.contains(mark) }) {
            problems.append("\(mark) is still there")
        }
        if (header["from"] ?? "").wholeMatch(of: /[^<>]+ <[^<> ]+@[^<> ]+>/) == nil {
            problems.append("From is not a name and one address: \(header["from"] ?? "")")
        }
        return problems
    }
}
