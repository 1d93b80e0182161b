// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The cost of the call's callers to a program, in nanoseconds on this machine: `libc-patch/tests/cost.c` in the C libraries
/// that are built, and with the preload.
public struct LibraryCost: Sendable {
    private let builders: Builders

    public init(_ builders: Builders) {
        self.builders = builders
    }

    /// A way to run the program.
    private struct Setting {
        var name: String
        var loader: [String] = []
        var environment: [String: String] = [:]
    }

    /// The operations, by their names in the program's output.
    private static let operations = ["destroy", "lock", "unmap"]

    /// The rows of a table, the first one with the headings.
    public func rows() async throws -> [[String]] {
        try await builders.requireNumberToBeFree()
        let progress = builders.progress
        try await builders.swift.buildPreload()
        let program = builders.repository.build.appending("libc/cost")
        try await progress.stage("build of the program") {
            try Files.makeDirectory(program.removingLastComponent())
            _ = try await Tool(
                "gcc",
                [
                    "-O2", "-pthread", "-o", program.string,
                    LibraryCatalogue.directory(in: builders.repository).pushing("tests/cost.c").string,
                ]
            ).output()
        }
        var rows = [["", "destroy of a robust mutex", "lock and unlock", "mmap and munmap"]]
        for setting in try settings() {
            let output = try await progress.stage("cost: \(setting.name)") {
                try await Tool(
                    "env", setting.environment.map { "\($0)=\($1)" } + setting.loader + [program.string]
                ).output()
            }
            let values = Dictionary(
                uniqueKeysWithValues: output.split(separator: "\n").compactMap { line in
                    let words = line.split(separator: " ")
                    return words.count == 2 ? (String(words[0]), String(words[1])) : nil
                })
            rows.append([setting.name] + Self.operations.map { values[$0].map { "\($0) ns" } ?? "?" })
        }
        return rows
    }

    private func settings() throws -> [Setting] {
        let preload = builders.swift.products.preload.string
        let builder = LibraryBuilder(builders)
        let all = try LibraryCatalogue(of: builders.repository).all.filter { $0.project == .glibc }
        let built = all.flatMap { [$0.unpatched, $0] }.compactMap(builder.present)
        return [
            Setting(name: "this machine's glibc"),
            Setting(name: "with the preload", environment: ["LD_PRELOAD": preload]),
            Setting(
                name: "with the preload, unmap",
                environment: ["LD_PRELOAD": preload, "ROBUST_LIST_PRELOAD": "unmap"]),
        ]
            + built.map {
                Setting(
                    name: $0.library.name,
                    loader: [$0.loader.string, "--library-path", $0.libraries.string])
            }
    }
}
