// SPDX-License-Identifier: MIT

/// The result of one test of a selftest program on one kernel, or of the program as a whole.
public struct SelftestFinding: Codable, Equatable, Sendable {
    public var program: String
    /// nil: the program as a whole.
    public var test: String?
    public var verdict: KTAP.Result.Verdict
    public var remark: String

    public var name: String { test.map { "\(program): \($0)" } ?? program }

    /// Everything that a run's output has a result for, in its order.
    static func all(in ktap: KTAP) -> [SelftestFinding] {
        ktap.programs.flatMap { program in
            let name = SelftestPrograms.name(in: program.result)
            let whole = SelftestFinding(
                program: name, test: nil, verdict: program.result.verdict, remark: program.result.remark)
            return [whole]
                + program.tests.map {
                    SelftestFinding(program: name, test: $0.name, verdict: $0.verdict, remark: $0.remark)
                }
        }
    }

    /// The number of tests with each verdict: passed, failed, skipped. A program with tests of its own is none besides.
    static func counts(_ findings: [SelftestFinding]) -> [(verdict: KTAP.Result.Verdict, count: Int)] {
        let tests = findings.filter { finding in
            finding.test != nil || !findings.contains { $0.program == finding.program && $0.test != nil }
        }
        return [KTAP.Result.Verdict.passed, .failed, .skipped].map { verdict in
            (verdict, tests.count { $0.verdict == verdict })
        }
    }

    /// Of several findings about a test the best, which says of how many attempts it is; a program has
    /// passed when none of its tests is left failed.
    static func best(_ findings: [SelftestFinding]) -> [SelftestFinding] {
        var names: [String] = []
        for finding in findings where !names.contains(finding.name) { names.append(finding.name) }
        let merged = names.map { name in
            let attempts = findings.filter { $0.name == name }
            var best = attempts.first { $0.verdict != .failed } ?? attempts[0]
            let passes = attempts.count { $0.verdict == .passed }
            if attempts.count > 1, passes < attempts.count, best.verdict != .skipped {
                best.remark = "passed in \(passes) of \(attempts.count) runs"
            }
            return best
        }
        return merged.map { finding in
            let tests = merged.filter { $0.program == finding.program && $0.test != nil }
            guard finding.test == nil, finding.verdict == .failed, !tests.isEmpty,
                !tests.contains(where: { $0.verdict == .failed })
            else { return finding }
            var finding = finding
            finding.verdict = .passed
            finding.remark = "each of its tests passed in some run"
            return finding
        }
    }
}
