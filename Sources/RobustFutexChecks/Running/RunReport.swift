// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage

/// The means that a kernel offers, as `--json` writes it.
public struct KernelReport: Codable, Sendable {
    public struct Finding: Codable, Sendable {
        public let state: String
        public let evidence: [String]
    }

    public let release: String
    public let machine: String
    public let syscallNumber: Int
    public let cleanupRobustList: Finding
    public let futexRobustUnlock: Finding
    public let vdso: Finding

    public init(_ kernel: KernelCapabilities) {
        release = kernel.release
        machine = kernel.machine
        syscallNumber = cleanupRobustListNumber
        cleanupRobustList = Finding(
            state: kernel.syscall.verdict.words, evidence: kernel.syscall.evidence)
        futexRobustUnlock =
            switch kernel.robustUnlock {
            case .supported:
                Finding(
                    state: "supported", evidence: ["futex(2) released a word and cleared a pending pointer"])
            case .absent(let errno):
                Finding(state: "absent", evidence: ["futex(2) with the bit gives \(errno.name)"])
            case .misbehaves(let how):
                Finding(state: "misbehaves", evidence: [how])
            }
        vdso = Finding(
            state: kernel.vdsoFunctions.isEmpty ? "absent" : "exports the functions",
            evidence: kernel.vdsoFunctions.isEmpty
                ? ["the vDSO exports none of \(VDSO.robustUnlockFunctions.joined(separator: ", "))"]
                : kernel.vdsoFunctions)
    }
}

/// A run of checks, as `--json` writes it.
public struct RunReport: Codable, Sendable {
    public struct Entry: Codable, Sendable {
        public let name: String
        public let group: String
        public let claim: String
        public let outcome: String
        public let reason: String?
        public let seconds: Double

        public init(_ check: Check, _ outcome: CheckResult, _ duration: Duration) {
            name = check.name
            group = check.group.rawValue
            claim = check.claim
            self.outcome = outcome.word
            reason = outcome.reason
            seconds = duration / .seconds(1)
        }
    }

    public let kernel: KernelReport
    public let totals: Totals
    public let checks: [Entry]

    public init(kernel: KernelReport, totals: Totals, checks: [Entry]) {
        self.kernel = kernel
        self.totals = totals
        self.checks = checks
    }
}
