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

    /// The archives that the kernel is linked from, relative to the tree. What else lies in the tree may be left over
    /// from another configuration, or belong to the boot loader or to a program of the build.
    static let archives = ["vmlinux.a", "lib/lib.a", "arch/x86/lib/lib.a"]

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
        let before = try await Self.objects(of: stock)
        let after = try await Self.objects(of: patched)
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

    private static func objects(of tree: FilePath) async throws -> Set<String> {
        var objects: Set<String> = []
        for archive in archives {
            let file = tree.pushing(FilePath(archive))
            guard Files.exists(file) else {
                throw HarnessError("\(file) is missing, from which the kernel is linked: was it built?")
            }
            // Of a thin archive ar prints where the members are as seen from here.
            let names = try await Tool("ar", ["t", archive], directory: tree).output(limit: 16 << 20)
            objects.formUnion(names.split(separator: "\n").map(String.init))
        }
        return objects
    }
}
