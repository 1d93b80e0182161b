// SPDX-License-Identifier: MIT

import Foundation

/// The output of the kernel's own test runner, `run_kselftest.sh`: KTAP, one level of nesting deep. Its form is
/// documented in the kernel, `Documentation/dev-tools/ktap.rst`.
public struct KTAP: Equatable, Sendable {
    /// One numbered result line.
    public struct Result: Codable, Equatable, Sendable {
        public enum Verdict: String, Codable, Sendable {
            case passed, failed, skipped
        }
        public var name: String
        public var verdict: Verdict
        /// The text after the name: why it was skipped, or how it ended.
        public var remark: String

        fileprivate var isNameless: Bool { name.hasPrefix(Self.nameless) }
        /// Precedes the number in the name of a test that has none.
        fileprivate static let nameless = "number "
    }

    /// A program and the tests in it.
    public struct Program: Equatable, Sendable {
        public var result: Result
        public var tests: [Result]
        /// Number of tests that the program said it has, if it said so.
        public var plan: Int?
    }

    public var programs: [Program] = []
    /// Number of programs that were to run.
    public var plan: Int?

    public init(_ text: String) {
        var tests: [Result] = []
        var testPlan: Int?
        // Results before the test that runs.
        var ended = 0
        for line in text.split(whereSeparator: \.isNewline) {
            if let result = Self.result(line) {
                programs.append(Program(result: result, tests: tests, plan: testPlan))
                tests = []
                testPlan = nil
                ended = 0
            } else if let count = Self.plan(line) {
                plan = count
            } else if line.hasPrefix("# ") {
                let inner = line.dropFirst(2)
                if inner.hasPrefix("#  RUN ") { ended = tests.count }
                if var result = Self.result(inner) {
                    // A test that calls ksft_test_result_skip() has a line of its own before the harness has one for it.
                    if !result.isNameless, let skip = tests.dropFirst(ended).last, skip.isNameless,
                        skip.verdict == .skipped
                    {
                        tests.removeSubrange(ended...)
                        if result.verdict == .passed {
                            result.verdict = .skipped
                            result.remark = skip.remark
                        }
                    }
                    tests.append(result)
                }
                if let count = Self.plan(inner) { testPlan = count }
            }
        }
    }

    private static func plan(_ line: Substring) -> Int? {
        line.wholeMatch(of: /1\.\.(\d+)(?:\s.*)?/).flatMap { Int($0.1) }
    }

    private static func result(_ line: Substring) -> Result? {
        guard let match = line.wholeMatch(of: /(not )?ok (\d+)(?: -)?(?: ([^#].*?))?(?: # ?(.*))?/) else {
            return nil
        }
        let remark = String(match.4 ?? "")
        let isSkip = remark.uppercased().hasPrefix("SKIP")
        return Result(
            // Linux 6.1 has no name where a test was skipped.
            name: match.3.map(String.init) ?? "\(Result.nameless)\(match.2)",
            verdict: isSkip ? .skipped : match.1 == nil ? .passed : .failed,
            remark: isSkip ? remark.dropFirst(4).trimmingCharacters(in: .whitespaces) : remark)
    }
}
