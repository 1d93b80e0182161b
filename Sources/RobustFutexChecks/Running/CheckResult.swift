// SPDX-License-Identifier: MIT

import TestProcesses

/// The result of a check. Only `passed` is success; `skipped` is not a pass.
public enum CheckResult: Equatable, Sendable, Codable {
    case passed
    /// The kernel does not keep the contract.
    case failed(String)
    /// The check could not be carried out, or crashed.
    case broken(String)
    case timedOut(String)
    /// The check is not about this kernel.
    case skipped(String)

    /// Of an error that a check threw.
    public init(_ error: any Error) {
        self =
            switch error {
            case CheckError.failed(let reason): .failed(reason)
            case CheckError.broken(let reason): .broken(reason)
            case CheckError.timedOut(let what): .timedOut(what)
            default: .broken("unexpected error: \(error)")
            }
    }

    /// One word, as reports use it.
    public var word: String {
        switch self {
        case .passed: "passed"
        case .failed: "failed"
        case .broken: "broken"
        case .timedOut: "timed out"
        case .skipped: "skipped"
        }
    }

    public var reason: String? {
        switch self {
        case .passed: nil
        case .failed(let reason), .broken(let reason), .timedOut(let reason), .skipped(let reason): reason
        }
    }
}

/// Numbers of checks by result.
public struct Totals: Equatable, Sendable, Codable {
    public var passed = 0
    public var failed = 0
    public var broken = 0
    public var timedOut = 0
    public var skipped = 0

    public init(_ outcomes: some Sequence<CheckResult>) {
        for outcome in outcomes {
            switch outcome {
            case .passed: passed += 1
            case .failed: failed += 1
            case .broken: broken += 1
            case .timedOut: timedOut += 1
            case .skipped: skipped += 1
            }
        }
    }

    /// At least one check ran, and all that ran passed.
    public var isSuccess: Bool { passed > 0 && failed + broken + timedOut == 0 }
}
