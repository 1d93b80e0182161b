// SPDX-License-Identifier: MIT

/// The verdict of a check on a patch, a build, or the whole series.
public enum LintVerdict: Equatable, Sendable {
    case ok
    /// The findings, one a line.
    case failed(String)
    /// The check did not run, and why. That is no pass.
    case unchecked(String)

    /// `.ok` without findings, else `.failed` with them.
    init(findings: [String]) {
        self = findings.isEmpty ? .ok : .failed(findings.joined(separator: "\n"))
    }

    /// Runs a check. One that cannot run, because a program is missing for example, has not passed.
    static func of(_ check: () async throws -> LintVerdict) async throws -> LintVerdict {
        do {
            return try await check()
        } catch {
            try Task.checkCancellation()
            return .unchecked("\(error)")
        }
    }

    /// The word in the table.
    var word: String {
        switch self {
        case .ok: "ok"
        case .failed: "FAILED"
        case .unchecked: "?"
        }
    }
}
