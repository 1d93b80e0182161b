// SPDX-License-Identifier: MIT

/// The output of `qemu/guest/race`, which holds unlocks on architectures that have no Swift.
struct RaceOutput: Equatable, Sendable {
    /// An unlock of one library, held in one way at each of its boundaries.
    struct Scenario: Codable, Equatable, Sendable {
        /// As the program prints it: library, contention, destroyer, technique.
        var name: String
        /// nil where it could not run; `reason` says why.
        var counts: Counts?
        var reason: String?

        var isLegacy: Bool { name.contains(", legacy, ") }
    }

    struct Counts: Codable, Equatable, Sendable {
        var boundaries: Int
        var inWindow: Int
        var corrupted: Int
        var intact: Int
        var held: Int
        /// Boundaries at which something else happened than the state there requires.
        var wrong: Int
    }

    /// What the kernel answers to the call's number, with flags that no call has.
    var call: String
    var scenarios: [Scenario]

    init(_ text: String) throws {
        var call: String?
        var scenarios: [Scenario] = []
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /call \d+: (.*)/) { call = String(match.1) }
            guard let match = line.wholeMatch(of: /race (.*?): (.*)/) else { continue }
            let name = String(match.1)
            let pattern =
                /(\d+) boundaries, (\d+) in the window, (\d+) corrupted, (\d+) intact, (\d+) held, (\d+) wrong/
            if let counts = match.2.wholeMatch(of: pattern) {
                scenarios.append(
                    Scenario(
                        name: name,
                        counts: Counts(
                            boundaries: Int(counts.1)!, inWindow: Int(counts.2)!, corrupted: Int(counts.3)!,
                            intact: Int(counts.4)!, held: Int(counts.5)!, wrong: Int(counts.6)!)))
            } else if let reason = match.2.wholeMatch(of: /cannot run: (.*)/) {
                scenarios.append(Scenario(name: name, reason: String(reason.1)))
            } else {
                throw HarnessError("a line of the race that makes no sense: '\(line)'")
            }
        }
        guard let call, !scenarios.isEmpty else { throw HarnessError("the race printed no results") }
        self.call = call
        self.scenarios = scenarios
    }
}
