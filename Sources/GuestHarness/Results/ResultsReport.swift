// SPDX-License-Identifier: MIT

import Foundation

/// A suite run as a file for other programs.
public struct ResultsReport: Codable, Sendable {
    public var kernel: String
    public var release: String?
    public var accelerator: String
    public var expectation: SuiteExpectation
    public var tests: [TestResult]
    public var violations: [String]
    public var faults: [ConsoleLog.Fault]
    public var guestSeconds: Double?
}

/// A suite run as a table for people.
public enum ResultsTable {
    /// One line a test: the verdict, the name, and in brackets or below it why.
    public static func lines(of results: SuiteResults) -> [String] {
        results.tests.sorted { $0.name < $1.name }.flatMap { test in
            let head = test.verdict.word.padding(toLength: 8, withPad: " ", startingAt: 0) + test.name
            let lines =
                switch test.verdict {
                case .passed: [head]
                case .skipped(let reason): ["\(head) (\(reason))"]
                case .broken(let reason): ["\(head) (\(reason))"]
                case .failed(let issues): [head] + issues.map { "          \($0)" }
                }
            let added = test.taint?.added ?? []
            return lines
                + (added.isEmpty ? [] : ["          tainted the kernel: \(added.joined(separator: ", "))"])
        }
    }

    public static func counts(of results: SuiteResults) -> String {
        ["passed", "failed", "broken", "skipped"].map { "\(results.count($0)) \($0)" }.joined(separator: ", ")
    }
}
