// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Finds the kernel's fault reports in a guest's console.
public enum ConsoleLog {
    /// A report, or the part of one that was recognised.
    public struct Fault: Codable, Equatable, Sendable {
        public var line: Int
        public var text: String
    }

    /// The kernel's health, according to the text on its console.
    public struct Findings: Equatable, Sendable {
        /// Every line that only a fault puts there.
        public var faults: [Fault] = []
        /// Number of data races that KCSAN reported and that do not involve the new system call.
        public var otherDataRaces = 0
        /// The kernel's answer when it was asked for its blocked tasks; nil if it was not asked.
        public var blockedTasks: BlockedTasks?
    }

    /// The answer of the kernel to sysrq-w: each task in an uninterruptible sleep, with its stack.
    public struct BlockedTasks: Equatable, Sendable {
        /// The number of the line in which the answer begins.
        public var line: Int
        public var names: [String] = []

        /// For a message.
        var words: String {
            let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
            return names.isEmpty
                ? "no task was blocked (line \(line))"
                : "the stacks of blocked tasks (\(shown)) are in line \(line) and below"
        }
    }

    /// Searches a console's text. A program's output does not come over the console.
    public static func findings(in text: String) -> Findings {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let others = DataRaces.headlinesOfOthers(in: lines)
        var findings = Findings(otherDataRaces: others.count)
        var traceOfShortage = 0..<0
        for (index, line) in lines.enumerated() where !others.contains(index) {
            // Of a pseries machine whose memory of settings is new.
            if line.contains("WARNING: nvram corruption detected: 0-length partition") { continue }
            let line = line.trimmingCharacters(in: .whitespacesAndNewlines)
            if line.contains(headOfBlockedTasks) { findings.blockedTasks = BlockedTasks(line: index + 1) }
            if findings.blockedTasks != nil {
                if let task = line.firstMatch(of: blockedTask) {
                    findings.blockedTasks?.names.append(String(task.1))
                }
                // Asked for, these are no faults; each real one has another line besides.
                if line.contains("Call Trace:") { continue }
            }
            if line.contains(headOfShortage) { traceOfShortage = index..<index + linesToTraceOfShortage }
            if traceOfShortage.contains(index), line.contains("Call Trace:") {
                traceOfShortage = 0..<0
                continue
            }
            if reports.contains(where: { line.contains($0) }) {
                findings.faults.append(Fault(line: index + 1, text: line))
            }
        }
        return findings
    }

    /// Searches a console's file. One that is not there says nothing: QEMU never started.
    public static func findings(inFile path: FilePath) -> Findings {
        guard let data = try? Files.read(path) else { return Findings() }
        return findings(in: String(decoding: data, as: UTF8.self))
    }

    /// The out-of-memory killer says where it was invoked from (`dump_header()` in mm/oom_kill.c), which is no fault
    /// when a memory cgroup has used up what it may; that the guest itself has is one, by its last line. So does vmalloc
    /// when it fails (`warn_alloc()` in mm/page_alloc.c), as `robust-list-check faults` makes it.
    ///
    /// Two parts of the first of those lines tell: an emulated console that has much to print prints a character twice at
    /// times.
    private static var headOfShortage: Regex<Substring> {
        #/invoked oom-killer:|gfp_mask=0x|: vmalloc error: /#
    }
    private static let linesToTraceOfShortage = 8

    /// The texts come from drivers/tty/sysrq.c and `sched_show_task()` in kernel/sched/core.c.
    private static var headOfBlockedTasks: Regex<Substring> { #/sysrq: Show Blocked State/# }
    private static var blockedTask: Regex<(Substring, Substring)> { #/\btask:(.+?)\s+state:D\b/# }

    /// The texts come from lib/bug.c, kernel/panic.c, mm/kasan/report.c, kernel/kcsan/report.c, lib/ubsan.c,
    /// kernel/locking/lockdep.c, lib/debugobjects.c, lib/list_debug.c, kernel/sched/core.c, kernel/hung_task.c,
    /// kernel/watchdog.c, mm/oom_kill.c and kernel/rcu/tree_stall.h. A general protection fault with "ip:" is that of a
    /// program (arch/x86/kernel/traps.c), like a segmentation fault. How many leaks kmemleak suspects is none: whoever
    /// makes it search (`robust-list-check faults`) reads which they are.
    private static var reports: [Regex<Substring>] {
        [
            #/\bWARNING: /#, #/\bBUG: /#, #/kernel BUG at /#, #/\bOops\b/#, #/Kernel panic/#,
            #/general protection fault(?! ip:)/#, #/Unable to handle kernel/#, #/\bK(?:A|C)SAN: /#,
            #/\bKFENCE: /#,
            #/\bUBSAN: /#, #/refcount_t: /#, #/possible (?:circular|recursive) locking/#,
            #/possible irq lock inversion/#, #/inconsistent lock state/#, #/suspicious RCU usage/#,
            #/DEBUG_LOCKS_WARN_ON/#, #/turning off the locking correctness validator/#,
            #/trying to register non-static key/#, #/\bODEBUG: /#,
            #/list_(?:add|del) corruption/#, #/INFO: task .* blocked for more than/#,
            #/rcu: INFO: .* (?:self-)?detected stall/#, #/detected stalls? on CPUs/#,
            #/\bOut of memory: /#, #/soft lockup|hard LOCKUP/#, #/Call Trace:/#,
            #/kmemleak: (?!Kernel memory leak detector initialized|\d+ new suspected memory leaks)/#,
        ]
    }
}
