// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// The kernel's means to let the n-th thing fail that a task asks it for: `/proc/PID/task/TID/fail-nth`
/// (Documentation/fault-injection/fault-injection.rst).
struct FailNth {
    private let path: FilePath

    init(of task: PeerTask) {
        path = FilePath("/proc/\(task.processID)/task/\(task.tid)/fail-nth")
    }

    /// The reason why nothing can be made to fail; nil when it can.
    static func problem() -> String? {
        access("/proc/self/fail-nth", F_OK) == 0
            ? geteuid() == 0 ? nil : "needs root, is run by user \(geteuid())"
            : "there is no /proc/self/fail-nth (CONFIG_FAULT_INJECTION); boot patched-faults"
    }

    /// Lets allocations fail that may sleep, single pages, and pages of user memory, which by default are spared; without a report in the
    /// kernel's log of each, where it would look like a fault of the kernel.
    static func includeAllAllocations() throws {
        for (file, value) in [
            ("failslab/ignore-gfp-wait", "N"), ("fail_page_alloc/ignore-gfp-wait", "N"),
            ("fail_page_alloc/ignore-gfp-highmem", "N"), ("fail_page_alloc/min-order", "0"),
            ("failslab/verbose", "0"), ("fail_page_alloc/verbose", "0"),
            ("fail_futex/verbose", "0"),
        ] {
            try write(value, to: FilePath("/sys/kernel/debug").pushing(FilePath(file)))
        }
    }

    /// From now on the n-th that the task asks for fails; 0: none.
    func set(_ number: Int) throws { try Self.write("\(number)", to: path) }

    /// The number of things that it has to ask for until one fails; 0 when one has.
    func left() throws -> Int {
        let text = try readText(path).split(whereSeparator: \.isWhitespace).first ?? ""
        guard let number = Int(text) else { throw CheckError.broken("\(path) has '\(text)'") }
        return number
    }

    private static func write(_ text: String, to path: FilePath) throws {
        do {
            let file = try FileDescriptor.open(path, .writeOnly, options: .closeOnExec)
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch let error as Errno {
            throw CheckError.broken("\(path) cannot be written: \(error.name)")
        }
    }
}
