// SPDX-License-Identifier: MIT

/// The kernel's taint flags before and after a test, as a line that the suite writes to its standard output.
public struct TaintRecord: Equatable, Sendable {
    /// The test's function, as in `clears()`; of those that leave records no two are called the same.
    public var function: String
    /// `/proc/sys/kernel/tainted`.
    public var before: UInt64
    public var after: UInt64

    /// Set in the environment of a suite that is to write records.
    public static let variable = "ROBUST_LIST_TAINT_RECORDS"
    public static let file = "/proc/sys/kernel/tainted"

    private static let word = "kernel-taint"

    public init(function: String, before: UInt64, after: UInt64) {
        self.function = function
        self.before = before
        self.after = after
    }

    /// Without its end.
    public var line: String { "\(Self.word) \(before) \(after) \(function)" }

    /// nil for a line that is something else.
    public init?(_ line: String) {
        let parts = line.split(separator: " ", maxSplits: 3)
        guard parts.count == 4, parts[0] == Self.word, let before = UInt64(parts[1]),
            let after = UInt64(parts[2])
        else { return nil }
        self.init(function: String(parts[3]), before: before, after: after)
    }
}
