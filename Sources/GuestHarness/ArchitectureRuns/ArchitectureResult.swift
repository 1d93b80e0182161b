// SPDX-License-Identifier: MIT

/// All that was seen of one kernel of one architecture.
public struct ArchitectureResult: Codable, Sendable {
    public var kernel: String
    public var architecture: String
    public var patched: Bool
    public var release: String?
    /// The kernel's answer to the call's number.
    public var call: String
    public var selftests: SelftestRun.KernelRun
    /// The series' own selftest as a 32-bit program, where the kernel runs such.
    public var compat: SelftestRun.KernelRun?
    var race: [RaceOutput.Scenario]
    public var seconds: Double

    init(
        kernel: String, architecture: String, patched: Bool, release: String?, call: String,
        selftests: SelftestRun.KernelRun, compat: SelftestRun.KernelRun? = nil, race: [RaceOutput.Scenario],
        seconds: Double
    ) {
        self.kernel = kernel
        self.architecture = architecture
        self.patched = patched
        self.release = release
        self.call = call
        self.selftests = selftests
        self.compat = compat
        self.race = race
        self.seconds = seconds
    }

    /// Differences from what must be, but for those of the tree's selftests, which are compared with another kernel's.
    public var problems: [String] {
        var problems: [String] = []
        let answer = patched ? "Invalid argument" : "Function not implemented"
        if call != answer {
            problems.append("\(kernel): the call's number answers '\(call)', must be '\(answer)'")
        }
        if let compat {
            problems += SelftestComparison([compat]).problems.map { "32-bit selftest: \($0)" }
        }
        for scenario in race {
            guard let counts = scenario.counts else { continue }
            if counts.boundaries == 0 {
                problems.append("\(kernel): \(scenario.name): no boundary was tried")
            }
            if counts.wrong > 0 {
                problems.append("\(kernel): \(scenario.name): \(counts.wrong) boundaries not as required")
            }
        }
        // A race that never corrupts is no race: then nothing was shown of what the call prevents.
        if !race.contains(where: { $0.isLegacy && ($0.counts?.corrupted ?? 0) > 0 }) {
            problems.append("\(kernel): without the call nothing was corrupted at any boundary")
        }
        if patched, !race.contains(where: { !$0.isLegacy && ($0.counts?.inWindow ?? 0) > 0 }) {
            problems.append("\(kernel): with the call no unlock was held in its window")
        }
        return problems
    }

    /// As in `105 of 1543`: the corrupted boundaries, of all that were tried.
    private func corrupted(legacy: Bool) -> String {
        let counts = race.filter { $0.isLegacy == legacy }.compactMap(\.counts)
        guard !counts.isEmpty else { return "-" }
        return "\(counts.map(\.corrupted).reduce(0, +)) of \(counts.map(\.boundaries).reduce(0, +))"
    }

    private static func words(_ run: SelftestRun.KernelRun) -> String {
        let tests = run.findings.filter { finding in
            finding.test != nil || !run.findings.contains { $0.program == finding.program && $0.test != nil }
        }
        return [KTAP.Result.Verdict.passed, .failed, .skipped].map { verdict in
            String(tests.count { $0.verdict == verdict })
        }.joined(separator: "/")
    }

    /// The table for people.
    public static func table(of results: [ArchitectureResult]) -> [String] {
        var rows = [
            [
                "KERNEL", "BOOTS", "THE CALL'S NUMBER", "SELFTESTS p/f/s", "32-BIT p/f/s",
                "RACE, LEGACY: corrupted",
                "WITH THE CALL: corrupted",
            ]
        ]
        for result in results {
            rows.append([
                result.kernel, result.release == nil ? "no" : "yes", result.call, words(result.selftests),
                result.compat.map(words) ?? "-", result.corrupted(legacy: true),
                result.corrupted(legacy: false),
            ])
        }
        return TextTable.lines(of: rows)
    }

    /// A line for each way in which an unlock was held, or could not be.
    public var details: [String] {
        race.map { scenario in
            guard let counts = scenario.counts else {
                return "  \(scenario.name): cannot run: \(scenario.reason ?? "")"
            }
            return "  \(scenario.name): \(counts.corrupted) corrupted, \(counts.inWindow) in the window, of "
                + "\(counts.boundaries) boundaries"
        }
    }
}
