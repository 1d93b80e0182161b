// SPDX-License-Identifier: MIT

import SystemPackage

/// The code and the data of an object file, in parts that can be compared one by one.
struct ObjectContents {
    /// The instructions of each function, with relocations, without the addresses at which they are.
    var functions: [String: [Substring]] = [:]
    /// Contents and relocations of each other section.
    var sections: [String: [Substring]] = [:]

    /// Beginnings of the names of sections that are written down for code, by the compiler or by objtool: they change
    /// with it and say nothing more.
    private static let derived = [
        ".orc_", ".return_sites", ".retpoline_sites", ".call_sites", ".ibt_endbr_seal", ".static_call_sites",
        ".smp_locks", ".altinstr", ".discard", ".comment", ".eh_frame", "__bug_table", "__jump_table",
        "__ex_table",
        "__patchable_function_entries", ".note", ".llvm",
    ]

    /// Reads an object with objdump.
    static func of(_ file: FilePath) async throws -> ObjectContents {
        var contents = ObjectContents()
        let code = try await Tool(
            "objdump", ["-d", "-r", "-w", "--no-show-raw-insn", "--no-addresses", "--", file.string]
        ).output(limit: 512 << 20)
        contents.addCode(code)
        let data = try await Tool("objdump", ["-s", "-r", "--", file.string]).output(limit: 512 << 20)
        contents.addData(data)
        return contents
    }

    /// The names under which two collections have something else, or only one has anything.
    static func differences(
        _ one: [String: [Substring]], _ other: [String: [Substring]]
    ) -> Set<String> {
        Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }
    }

    /// The name that the source has for a function, which the compiler may have split: `f` of `f.part.0`, `f.cold`.
    static func source(of function: String) -> String {
        String(function.prefix { $0 != "." })
    }

    private var codeSections: Set<String> = []

    private mutating func addCode(_ text: String) {
        var name: String?
        for line in text.split(separator: "\n") {
            if let section = line.wholeMatch(of: /Disassembly of section (.+):/) {
                codeSections.insert(String(section.output.1))
                name = nil
            } else if let function = line.wholeMatch(of: /<(.+)>:/) {
                name = String(function.output.1)
                functions[name!, default: []] = []
            } else if let name {
                functions[name]?.append(Self.withoutOffsets(line))
            }
        }
    }

    private mutating func addData(_ text: String) {
        var name: String?
        for line in text.split(separator: "\n") {
            if let heading = line.wholeMatch(
                of: /(?:Contents of section |RELOCATION RECORDS FOR \[)(.+?)\]?:/)
            {
                let section = String(heading.output.1)
                let isCode = codeSections.contains(section) || Self.derived.contains(where: section.hasPrefix)
                name = isCode ? nil : section
            } else if let name {
                sections[name, default: []].append(line)
            }
        }
    }

    /// A place in a section of data moves when another one grows: the section has to be the same, not the offset.
    private static func withoutOffsets(_ line: Substring) -> Substring {
        guard let place = line.firstMatch(of: /\s(\.[a-z][\w.]*)[+-]0x[0-9a-f]+/) else { return line }
        return line[..<place.range.lowerBound] + " " + place.output.1
    }
}
