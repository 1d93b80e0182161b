// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A deliberately broken version of the series: a patch over it, in `kernel-patch/mutations`.
public struct Mutation: Sendable {
    /// The file's name without its suffix.
    public let name: String
    /// The behaviour that it breaks, in a line.
    public let subject: String
    /// The outcome that the mutated kernel allows, and that some test therefore has to notice.
    public let forbidden: String
    /// The words by which `kernel-patch/model/check` selects the mutant of a protocol model that shows the
    /// forbidden outcome, where no test can hold the window open.
    public let model: String?
    /// The reason why no random world can notice it; nil: one has to.
    public let notInWorlds: String?
    /// Named relative to the directory of the series.
    let patch: PatchSeries.Patch

    private static let directory = "mutations"

    /// Every mutation of the series in `series`, by name.
    ///
    /// - Throws: when there is none, or one lacks its header.
    public static func all(of series: FilePath) throws -> [Mutation] {
        let directory = series.appending(Self.directory)
        let files = Files.list(directory).filter { $0.hasSuffix(".patch") }
        guard !files.isEmpty else { throw HarnessError("no mutation in \(directory)") }
        return try files.map { file in
            let text = String(decoding: try Files.read(directory.appending(file)), as: UTF8.self)
            return try Mutation(
                name: String(file.dropLast(".patch".count)), path: "\(Self.directory)/\(file)", text: text)
        }
    }

    init(name: String, path: String, text: String) throws {
        let header = text.split(separator: "\n---\n", maxSplits: 1).first ?? ""
        func optional(_ key: String) -> String? {
            let lines = header.split(separator: "\n").drop { !$0.hasPrefix("\(key): ") }
            guard let first = lines.first else { return nil }
            let rest = lines.dropFirst().prefix { $0.hasPrefix(" ") }
            return ([first.dropFirst(key.count + 2)] + rest).map { $0.trimmingCharacters(in: .whitespaces) }
                .joined(separator: " ")
        }
        func field(_ key: String) throws -> String {
            guard let value = optional(key) else {
                throw HarnessError("the mutation \(path) has no line '\(key): …' before its diff")
            }
            return value
        }
        self.name = name
        subject = try field("Subject")
        forbidden = try field("Forbidden")
        model = optional("Caught-by-model")
        notInWorlds = optional("Not-in-worlds")
        patch = PatchSeries.Patch(name: path, text: text)
    }

    /// The part of `mutations` that a shard runs, and the place of its report among the others.
    public static func part(
        of mutations: [Mutation], _ shard: Shard?, kernel: String
    ) throws -> (mutations: [Mutation], place: ShardOfReport?) {
        guard let shard else { return (mutations, nil) }
        try shard.requireWork(mutations.count, "mutations")
        let plan = [kernel] + mutations.map { "\($0.name) \($0.patch.changes)" }
        return (
            Array(mutations[shard.range(of: mutations.count)]),
            ShardOfReport(
                shard: shard, all: mutations.count, plan: Digest.mark(of: plan.joined(separator: "\n")))
        )
    }

    /// Those of `mutations` that `names` names, or all.
    ///
    /// - Throws: when one is unknown.
    public static func select(_ names: [String], from mutations: [Mutation]) throws -> [Mutation] {
        for name in names where !mutations.contains(where: { $0.name == name }) {
            throw HarnessError(
                "unknown mutation '\(name)'; known: \(mutations.map(\.name).joined(separator: ", "))",
                status: .usage)
        }
        return names.isEmpty ? mutations : mutations.filter { names.contains($0.name) }
    }
}
