// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// The kernel's search for memory that nothing points to: Documentation/dev-tools/kmemleak.rst.
public enum Kmemleak {
    /// Memory that nothing points to: of what was allocated in the same way one object in the kernel's words, and how many
    /// there are.
    public struct Findings: Sendable {
        /// Allocated by a call.
        public var ofCalls: [String] = []
        public var others: [String] = []
    }

    private static let path = FilePath("/sys/kernel/debug/kmemleak")

    /// The reason why it cannot be searched on this machine; nil when it can.
    public static func problem() -> String? {
        guard access(path.string, F_OK) == 0 else { return "there is no \(path) (CONFIG_DEBUG_KMEMLEAK)" }
        do {
            // It is on anyway: all that is new is the answer.
            try order("stack=on")
            return nil
        } catch {
            return "the kernel does not search: it was started with kmemleak=off, or had no memory for that"
        }
    }

    /// Forgets what was found so far.
    public static func forget() throws { try order("clear") }

    /// Younger memory is not reported: MSECS_MIN_AGE of mm/kmemleak.c.
    private static let age = Duration.milliseconds(5_000)

    /// Searches for what was allocated since ``forget()``.
    public static func search() throws -> Findings {
        // Memory is only suspected when its contents are the same as in the scan before.
        try order("scan")
        // The one thing that can be waited for is the age, counted in the kernel's ticks, of which one is 10 ms at most.
        let old = Deadline(after: age + .milliseconds(20))
        while !old.hasPassed { usleep(useconds_t(old.milliseconds(atMost: 500)) * 1000) }
        for _ in 0..<2 { try order("scan") }
        return Findings(try readText(path))
    }

    private static func order(_ order: String) throws { try writeText(order, to: path) }
}

extension Kmemleak.Findings {
    init(_ report: String) {
        let objects = report.split(separator: /^(?=unreferenced object)/.anchorsMatchLineEndings())
        let alike = Dictionary(grouping: objects) { object in
            // The first line of the stack has a checksum of the object's contents.
            object.split(separator: "\n").drop { !$0.contains("backtrace") }.dropFirst()
        }
        for (stack, objects) in alike {
            let text = "\(objects.count) like this:\n\(objects[0])"
            // By the name that the functions of the call have; stacks can be too deep to have the system call's.
            if stack.contains(where: { $0.contains(/\b(cleanup_\w+|__\w+_cleanup_robust_list)[.+]/) }) {
                ofCalls.append(text)
            } else {
                others.append(text)
            }
        }
    }
}
