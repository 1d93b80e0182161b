// SPDX-License-Identifier: MIT

/// Tells KCSAN's reports apart: the kernel has many data races that its maintainers know and bear
/// with, and only those of the new system call are what a run is about.
enum DataRaces {
    /// Every function of `kernel/futex/cleanup.c`, and the entries of the system call. A race in somebody
    /// else's function with that prefix counts, too: better one report too many than one too few.
    static var newFunctions: Regex<Substring> { #/\bcleanup_\w+|\w*sys_cleanup_robust_list\b/# }

    /// Indices of the lines that begin a report in which no function of the new file has any part.
    ///
    /// Only that line is set apart. What else stands between the beginning and the end of a report came
    /// from another processor meanwhile, and is a report of its own.
    static func headlinesOfOthers(in lines: [Substring]) -> Set<Int> {
        var others: Set<Int> = []
        for (index, line) in lines.enumerated() where line.contains("BUG: KCSAN: ") {
            // A report ends with a row of equal signs; one that the end of the log cut off counts whole.
            let report = lines[index...].prefix { !$0.contains("==========") }
            let isWhole = index + report.count < lines.count
            if isWhole, !report.contains(where: { $0.contains(newFunctions) }) { others.insert(index) }
        }
        return others
    }
}
