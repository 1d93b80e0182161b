// SPDX-License-Identifier: MIT

/// A version of a C file with one small change, made by machine.
public struct Mutant: Codable, Equatable, Sendable {
    /// The number that selects it in the kernel that has all of them; from 1.
    public var number: Int
    /// Of the file as it is, from 1.
    public var line: Int
    public var function: String
    /// The code that is changed, and what stands there instead; an empty text: nothing.
    public var original: String
    public var replacement: String
    /// Its number among those of the function that read alike, from 2; nil for the first of them.
    public var occurrence: Int?

    /// The same mutant in another version of the file, whose lines and numbers differ.
    var identity: String { "\(function): \(original) -> \(replacement)\(mark)" }

    /// The part of `mutants` that a shard runs, and the place of its report among the others.
    static func part(
        of mutants: [Mutant], _ shard: Shard?, kernel: String
    ) throws -> (mutants: [Mutant], place: ShardOfReport?) {
        guard let shard else { return (mutants, nil) }
        try shard.requireWork(mutants.count, "mutants")
        let plan = [kernel] + mutants.map(\.identity)
        return (
            Array(mutants[shard.range(of: mutants.count)]),
            ShardOfReport(
                shard: shard, all: mutants.count, plan: Digest.mark(of: plan.joined(separator: "\n")))
        )
    }

    /// As in `312  cleanup_grow: return -ENOMEM; -> return 0;`.
    public var description: String {
        "\(line)  \(function): \(original) -> \(replacement.isEmpty ? "nothing" : replacement)\(mark)"
    }

    private var mark: String { occurrence.map { " (\($0))" } ?? "" }
}
