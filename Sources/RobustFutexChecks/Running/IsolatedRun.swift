// SPDX-License-Identifier: MIT

import TestProcesses

/// Runs checks each in a process of its own; for robust-list-check only, see ``ForkedRun``.
public struct IsolatedRun: Sendable {
    private let limit: Duration

    /// - Parameter limit: for one check; above the sum of what a check waits for itself.
    public init(limit: Duration) {
        self.limit = limit
        PeerRoot.launchByForking()
    }

    /// Runs the check; one that does not apply to this kernel is skipped.
    public func outcome(of check: Check) -> CheckResult {
        if let reason = check.reasonToSkip() { return .skipped(reason) }
        return outcome { try check.run() }
    }

    /// A body that leaves no result behind has crashed, however its process ended.
    func outcome(of body: () throws -> Void) -> CheckResult {
        do {
            return try ForkedRun.value(of: "the check", limit: limit) {
                var outcome = CheckResult.passed
                do { try body() } catch { outcome = CheckResult(error) }
                PeerRoot.shutDown()
                return outcome
            }
        } catch {
            return CheckResult(error)
        }
    }
}
