// SPDX-License-Identifier: MIT

import SystemPackage

/// The models of the call's protocols, checked by `kernel-patch/model/check`.
struct ModelCheck {
    /// The counts of a run that came to its end, and a line for each failure.
    struct Outcome: Equatable {
        var passed: Int
        var skipped: Int
        var problems: [String]
        /// Of those that were skipped, each with its name.
        var reasons: [String] = []
    }

    var program: FilePath
    var arguments: [String] = []

    init(of repository: Repository, arguments: [String] = []) {
        program = repository.root.appending("kernel-patch/model/check")
        self.arguments = arguments
    }

    /// Runs all of it; `onCount` gets what is done of how many: `12/140`.
    func run(onCount: (Substring) -> Void = { _ in }) async throws -> Outcome {
        var lines: [String] = []
        let status = try await Tool(program.string, arguments).status { line in
            if let run = line.prefixMatch(of: /\[ *(\d+\/\d+)\]/) { onCount(run.1) }
            lines.append(line)
        }
        let outcome = try Self.outcome(of: lines)
        guard status.isSuccess == outcome.problems.isEmpty else {
            throw HarnessError("\(program) ended with \(status), but said: \(lines.last ?? "")")
        }
        return outcome
    }

    /// Reads the last line, which counts, and the lines that it counts as failed.
    static func outcome(of lines: [String]) throws -> Outcome {
        guard let counts = lines.last?.wholeMatch(of: /(\d+) passed, (\d+) failed, (\d+) skipped/),
            let passed = Int(counts.1), let failed = Int(counts.2), let skipped = Int(counts.3)
        else {
            throw HarnessError("no counts at the end of: \(lines.suffix(3).joined(separator: "\n"))")
        }
        let problems = lines.compactMap { $0.wholeMatch(of: /FAILED (.+)/).map { String($0.1) } }
        guard problems.count == failed, passed + failed > 0 else {
            throw HarnessError(
                "\(problems.count) failures were named, but the counts are: \(lines.last ?? "")")
        }
        let reasons = lines.compactMap { $0.wholeMatch(of: /skipped (.+)/).map { String($0.1) } }
        return Outcome(passed: passed, skipped: skipped, problems: problems, reasons: reasons)
    }
}
