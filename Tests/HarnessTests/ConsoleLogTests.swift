// SPDX-License-Identifier: MIT

import Testing

@testable import GuestHarness

@Suite struct ConsoleLogTests {
    @Test func cleanLogHasNoFaults() throws {
        #expect(ConsoleLog.faults(in: String(decoding: try golden("console-clean.log"), as: UTF8.self)) == [])
    }

    @Test func warningIsFoundWithItsLine() throws {
        let faults = ConsoleLog.faults(in: String(decoding: try golden("console-warning.log"), as: UTF8.self))
        let first = try #require(faults.first)
        #expect(first.text.hasPrefix("WARNING: drivers/misc/lkdtm/bugs.c:"))
        #expect(first.line == 265)
    }

    @Test func panicIsFound() throws {
        let faults = ConsoleLog.faults(in: String(decoding: try golden("console-panic.log"), as: UTF8.self))
        #expect(faults.first?.text == "Kernel panic - not syncing: sysrq triggered crash")
    }

    @Test(arguments: [
        "WARNING: CPU: 1 PID: 77 at kernel/futex/core.c:12 foo+0x1/0x2",
        "[    1.5] BUG: kernel NULL pointer dereference, address: 0000000000000010",
        "kernel BUG at mm/rmap.c:99!", "Oops: 0002 [#1] SMP",
        "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
        "BUG: KASAN: slab-use-after-free in foo+0x1/0x2", "UBSAN: array-index-out-of-bounds in a.c:1:2",
        "BUG: KCSAN: data-race in a / b", "WARNING: possible circular locking dependency detected",
        "WARNING: possible recursive locking detected", "WARNING: suspicious RCU usage",
        "INFO: task a:12 blocked for more than 60 seconds.",
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
        "rcu: INFO: rcu_preempt self-detected stall on CPU",
        "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:12]", "Call Trace:", " Call Trace:\r",
        "refcount_t: underflow; use-after-free.",
    ])
    func reportIsFound(_ line: String) {
        #expect(ConsoleLog.faults(in: "a\r\n\(line)\r\nb").map(\.line) == [2])
    }

    @Test(arguments: [
        "lkdtm: No crash points registered, enable through debugfs", "a[12]: segfault at 0 ip 1 sp 2 error 4",
        "clocksource: Watchdog remote CPU 1 read timed out", "DEBUG: nothing",
    ])
    func harmlessLineIsNoReport(_ line: String) {
        #expect(ConsoleLog.faults(in: line) == [])
    }
}
