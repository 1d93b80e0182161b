// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// The kernel's means to let things fail that a task asks it for: Documentation/fault-injection/fault-injection.rst.
struct FailNth {
    private let nth: FilePath
    private let everything: FilePath

    init(of task: PeerTask) {
        let directory = FilePath("/proc/\(task.processID)/task/\(task.tid)")
        nth = directory.appending("fail-nth")
        everything = directory.appending("make-it-fail")
    }

    /// The reason why nothing can be made to fail; nil when it can.
    static func problem() -> String? {
        access("/proc/self/fail-nth", F_OK) == 0
            ? geteuid() == 0 ? nil : "needs root, is run by user \(geteuid())"
            : "there is no /proc/self/fail-nth (CONFIG_FAULT_INJECTION); boot patched-faults"
    }

    private static let allocators = ["failslab", "fail_page_alloc"]

    /// Lets allocations fail that may sleep, single pages, and pages of user memory, which by default are spared; without a report in the
    /// kernel's log of each, where it would look like a fault of the kernel.
    static func includeAllAllocations() throws {
        for name in allocators + ["fail_futex", "fail_make_request"] {
            try set("verbose", of: name, "0")
        }
        for name in allocators {
            try set("ignore-gfp-wait", of: name, "N")
            try set("task-filter", of: name, "Y")
            try set("times", of: name, "-1")
        }
        try set("ignore-gfp-highmem", of: "fail_page_alloc", "N")
        try set("min-order", of: "fail_page_alloc", "0")
    }

    private static func set(_ setting: String, of name: String, _ value: String) throws {
        try writeText(value, to: FilePath("/sys/kernel/debug").appending(name).appending(setting))
    }

    /// From now on the n-th that the task asks for fails; 0: none.
    func set(_ number: Int) throws { try writeText("\(number)", to: nth) }

    /// The number of things that it has to ask for until one fails; 0 when one has.
    func left() throws -> Int {
        let text = try readText(nth).split(whereSeparator: \.isWhitespace).first ?? ""
        guard let number = Int(text) else { throw CheckError.broken("\(nth) has '\(text)'") }
        return number
    }

    /// Carries `body` out while each allocation and page fails that the task asks for: where the kernel has a second way
    /// to get something, that fails too.
    func withoutMemory<Value>(_ body: () throws -> Value) throws -> Value {
        func set(_ isOn: Bool) throws {
            for name in Self.allocators { try Self.set("probability", of: name, isOn ? "100" : "0") }
            try writeText(isOn ? "1" : "0", to: everything)
        }
        try set(true)
        let value: Value
        do {
            value = try body()
        } catch {
            try? set(false)
            throw error
        }
        try set(false)
        return value
    }
}
