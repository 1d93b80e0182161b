// SPDX-License-Identifier: MIT

/// The outcomes of the mutants of cleanup.c.
public struct MutantReport: Codable, Sendable {
    public struct Finding: Codable, Equatable, Sendable {
        public enum Verdict: String, Codable, Sendable, CaseIterable {
            /// A check did not pass, or the kernel went down.
            case killed
            /// Every check that reaches it passed.
            case survived
            /// No check reaches it.
            case unreached
            /// It survived or is not reached, and the list says why that is right.
            case equivalent
        }
        public var mutant: Mutant
        public var verdict: Verdict
        /// The check that killed it, and how; or why it is equivalent.
        public var reason: String
    }

    public var version = 1
    public var release: String
    public var seconds: Double
    public var findings: [Finding]
    /// Entries of the list that are about no mutant that survives.
    public var stale: [String]

    /// Tells whether each was killed or is on the list, and the list has nothing else.
    public var isGood: Bool {
        !findings.isEmpty && stale.isEmpty
            && findings.allSatisfy { $0.verdict == .killed || $0.verdict == .equivalent }
    }

    public var lines: [String] {
        let open = findings.filter { $0.verdict == .survived || $0.verdict == .unreached }.map {
            "\($0.verdict.rawValue.uppercased())  \($0.mutant.description)"
        }
        let counts = Finding.Verdict.allCases.map { verdict in
            "\(findings.count { $0.verdict == verdict }) \(verdict.rawValue)"
        }
        return open + stale.map { "STALE     not a mutant that survives: \($0)" }
            + ["\(findings.count) mutants: " + counts.joined(separator: ", ")]
    }
}

/// An entry of the list of mutants that no test can kill.
public struct EquivalentMutant: Codable, Equatable, Sendable {
    /// As `FUNCTION: ORIGINAL -> REPLACEMENT`.
    public var mutant: String
    /// The argument that it behaves as the code does, or differs in nothing that the contract is about.
    public var reason: String
}
