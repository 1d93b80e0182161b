// SPDX-License-Identifier: MIT

/// Chooses checks by regular expressions.
public struct CheckFilter {
    private let expressions: [Regex<AnyRegexOutput>]

    /// - Parameter patterns: a check is chosen when one of them matches anywhere in `Group/name`; no
    ///   pattern chooses every check.
    /// - Throws: for a pattern that is no regular expression, an error that says where it goes wrong.
    public init(_ patterns: [String]) throws {
        expressions = try patterns.map { try Regex($0) }
    }

    public func choose(from checks: [Check] = Check.all) -> [Check] {
        checks.filter { check in
            expressions.isEmpty || expressions.contains { check.path.firstMatch(of: $0) != nil }
        }
    }
}
