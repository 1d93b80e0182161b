// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The object files of two kernels that were built alike, held against each other.
public struct ObjectComparison: Sendable {
    /// The result for one object file.
    public enum Verdict: Equatable, Sendable {
        /// The same bytes, or the same contents and relocations in files that differ otherwise.
        case identical
        /// Different, as it has to be, for this reason.
        case expected(String)
        /// Different, and nobody knows why.
        case different(String)
    }

    public struct Finding: Equatable, Sendable {
        /// Relative to the tree.
        public var path: String
        public var verdict: Verdict
    }

    /// Directories whose objects run in the kernel. Not the tree's top, where the linker's own temporary files are.
    static let directories = [
        "arch/x86", "block", "crypto", "fs", "init", "io_uring", "ipc", "kernel", "lib", "mm", "net",
    ]
    /// The boot loader's part and what runs on the building machine: no code of the running kernel.
    static let exceptions = [
        "arch/x86/boot/", "arch/x86/tools/", "arch/x86/realmode/", "arch/x86/entry/vdso/",
    ]

    let stock: FilePath
    let patched: FilePath

    /// - Parameters: trees in which kernels were built.
    public init(stock: FilePath, patched: FilePath) {
        self.stock = stock
        self.patched = patched
    }

    /// Compares every object.
    ///
    /// - Parameter onObject: is told the number of objects compared so far.
    /// - Throws: when a tree has no objects, as one that was never built.
    public func findings(onObject: (Int) -> Void = { _ in }) async throws -> [Finding] {
        let before = try Self.objects(of: stock)
        let after = try Self.objects(of: patched)
        var findings: [Finding] = []
        for path in before.union(after).sorted() {
            let verdict: Verdict
            if before.contains(path), after.contains(path) {
                verdict = try await compare(path)
            } else if path == ExpectedDifference.added, after.contains(path) {
                verdict = .expected(ExpectedDifference.byObject[path]!.reason)
            } else {
                verdict = .different(
                    before.contains(path) ? "only without the series" : "only with the series")
            }
            findings.append(Finding(path: path, verdict: verdict))
            onObject(findings.count)
        }
        return findings
    }

    private func compare(_ path: String) async throws -> Verdict {
        let files = [stock, patched].map { $0.pushing(FilePath(path)) }
        if try Files.read(files[0]) == Files.read(files[1]) { return .identical }
        let texts = try await [Self.contents(of: files[0]), Self.contents(of: files[1])]
        guard texts[0] != texts[1] else { return .identical }
        guard let expected = ExpectedDifference.byObject[path] else {
            let first = zip(texts[0], texts[1]).first { $0 != $1 }.map { "'\($0)' became '\($1)'" }
            return .different(first ?? "one has more than the other")
        }
        let violation = try await expected.violation(ObjectContents.of(files[0]), ObjectContents.of(files[1]))
        return violation.map { .different($0) } ?? .expected(expected.reason)
    }

    /// Names, sizes and contents of all sections, and their relocations by the names of symbols; without what only
    /// says where things are in the file.
    ///
    /// No disassembly: it holds nothing more, and with it objdump leaves out the relocations of data.
    private static func contents(of file: FilePath) async throws -> [Substring] {
        try await Tool("objdump", ["-h", "-s", "-r", "--", file.string]).output(limit: 512 << 20)
            .split(separator: "\n").filter { !$0.contains(file.string) }
            .map { line in
                line.prefixMatch(of: /\s*\d+ \S+\s+[0-9a-f]{8}/)?.output ?? line
            }
    }

    private static func objects(of tree: FilePath) throws -> Set<String> {
        var objects: Set<String> = []
        for directory in directories {
            let root = tree.pushing(FilePath(directory))
            guard let entries = FileManager.default.enumerator(atPath: root.string) else { continue }
            for case let entry as String in entries where entry.hasSuffix(".o") {
                let path = "\(directory)/\(entry)"
                if !exceptions.contains(where: path.hasPrefix) { objects.insert(path) }
            }
        }
        guard !objects.isEmpty else { throw HarnessError("\(tree) has no object files: was it built?") }
        return objects
    }
}
