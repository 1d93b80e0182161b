// SPDX-License-Identifier: MIT

/// Lines of the Kernel Test Anything Protocol, version 1: Documentation/dev-tools/ktap.rst of the kernel.
public enum KTAPLines {
    /// Version and plan.
    public static func header(count: Int) -> String {
        "KTAP version 1\n1..\(count)"
    }

    /// The result line of test `number`, counted from 1, after its diagnostic lines.
    public static func result(_ number: Int, _ name: String, _ outcome: CheckResult) -> String {
        let name = name.filter { $0 != "#" && !$0.isNewline }
        return switch outcome {
        case .passed: "ok \(number) \(name)"
        case .failed(let reason): "\(diagnostic("\(name): \(reason)"))\nnot ok \(number) \(name)"
        case .broken(let reason): "not ok \(number) \(name) # ERROR \(oneLine(reason))"
        case .timedOut(let what): "not ok \(number) \(name) # TIMEOUT \(oneLine(what))"
        case .skipped(let reason): "ok \(number) \(name) # SKIP \(oneLine(reason))"
        }
    }

    /// The last line, in the form of the kernel's selftests.
    public static func totals(_ totals: Totals) -> String {
        diagnostic(
            "Totals: pass:\(totals.passed) fail:\(totals.failed) error:\(totals.broken)"
                + " timeout:\(totals.timedOut) skip:\(totals.skipped)")
    }

    /// Free text, each line marked as such.
    public static func diagnostic(_ text: String) -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { "# \($0)" }.joined(separator: "\n")
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
