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
            if isWhole, !hasPart(in: report) || isTolerated(report) { others.insert(index) }
        }
        return others
    }

    /// Tells whether the report names a function of the new file, other than one that an interrupt found running.
    private static func hasPart(in report: ArraySlice<Substring>) -> Bool {
        var isInterrupted = false
        for line in report {
            // A stack ends with an empty line.
            if line.allSatisfy(\.isWhitespace) { isInterrupted = false }
            if line.contains(#/ asm_(sysvec_|common_interrupt)/#) { isInterrupted = true }
            if !isInterrupted, line.contains(newFunctions) { return true }
        }
        return false
    }

    /// Tells whether it is about `task_struct::mm`. Exit and exec store there under `task_lock()`, unmarked, and whoever
    /// looks for the users of an address space reads it with `READ_ONCE()`, as `mm_update_next_owner()` does.
    private static func isTolerated(_ report: ArraySlice<Substring>) -> Bool {
        guard let headline = report.first else { return false }
        let storing = #/(do_exit|exit_mm|begin_new_exec|exec_mmap)\b/#
        return headline.contains(/data-race in \w+ \/ \w+/) && headline.contains(storing)
            && report.contains { $0.hasPrefix("read (marked) ") && $0.contains(" of 8 bytes by task") }
            && report.contains { $0.hasPrefix("write to ") && $0.contains(" by task") }
    }
}
