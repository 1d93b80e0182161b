// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct ConsoleLogTests {
    private func findings(_ log: String) throws -> ConsoleLog.Findings {
        ConsoleLog.findings(in: String(decoding: try golden(log), as: UTF8.self))
    }

    @Test func cleanLogHasNoFaults() throws {
        #expect(try findings("console-clean.log") == ConsoleLog.Findings())
    }

    @Test func warningIsFoundWithItsLine() throws {
        let faults = try findings("console-warning.log").faults
        let first = try #require(faults.first)
        #expect(first.text.hasPrefix("WARNING: drivers/misc/lkdtm/bugs.c:"))
        #expect(first.line == 265)
    }

    @Test func stacksThatWereAskedForAreNoFaults() throws {
        let log = """
            sysrq: Show Blocked State
            task:perl            state:D stack:0     pid:44    tgid:44    ppid:1
            Call Trace:
             kernel_clone+0x1bf/0x3b0
            task:a b             state:D stack:0     pid:45    tgid:45    ppid:1
            Call Trace:
            sysrq: Show backtrace of all active CPUs
            NMI backtrace for cpu 1
            Call Trace:
            """
        let findings = ConsoleLog.findings(in: log)
        #expect(findings.faults == [])
        #expect(findings.blockedTasks == ConsoleLog.BlockedTasks(line: 1, names: ["perl", "a b"]))
        let faults = ConsoleLog.findings(in: log + "\nWARNING: at kernel/futex/core.c:1\nCall Trace:\n")
            .faults
        #expect(faults.map(\.text) == ["WARNING: at kernel/futex/core.c:1"])
        #expect(ConsoleLog.findings(in: "Call Trace:\n" + log).faults.map(\.line) == [1])
    }

    @Test func newSettingsOfAPSeriesMachineAreNoFault() {
        let line = "WARNING: nvram corruption detected: 0-length partition"
        #expect(ConsoleLog.findings(in: "\(line)\nNo nvram partitions\n").faults == [])
        #expect(ConsoleLog.findings(in: "\(line)\nWARNING: at a.c:1\n").faults.map(\.line) == [2])
    }

    @Test func panicIsFound() throws {
        let faults = try findings("console-panic.log").faults
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
        "BUG: sleeping function called from invalid context at mm/memory.c:7321",
        "BUG: scheduling while atomic: a/77/0x00000002", "WARNING: lock held when returning to user space!",
        "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
        "WARNING: bad unlock balance detected!",
        "INFO: trying to register non-static key.", "turning off the locking correctness validator.",
        "ODEBUG: free active (active state 0) object: 00000000abcd1234 object type: timer_list hint: f+0x0/0x1",
        "list_del corruption. next->prev should be ffff8880, but was ffff8881. (next=ffff8882)",
    ])
    func reportIsFound(_ line: String) {
        #expect(ConsoleLog.findings(in: "a\r\n\(line)\r\nb").faults.map(\.line) == [2])
    }

    @Test(arguments: [
        "lkdtm: No crash points registered, enable through debugfs", "a[12]: segfault at 0 ip 1 sp 2 error 4",
        "traps: robust_list[2480] general protection fault ip:7fd07608752d sp:7fd075f5def0 error:0 in libc.so.6",
        "clocksource: Watchdog remote CPU 1 read timed out", "DEBUG: nothing",
    ])
    func harmlessLineIsNoReport(_ line: String) {
        #expect(ConsoleLog.findings(in: line).faults == [])
    }

    private let race = """
        ==================================================================
        BUG: KCSAN: data-race in %@ / exit_robust_list

        read-write to 0xffff888003a5b010 of 8 bytes by task 77 on cpu 0:
         %@+0x41/0x90
         do_syscall_64+0xa6/0x1d0
         entry_SYSCALL_64_after_hwframe+0x4b/0x53

        """
    private let end =
        "Reported by Kernel Concurrency Sanitizer on:\n" + String(repeating: "=", count: 66) + "\n"

    private func race(in function: String) -> String { race.replacing("%@", with: function) }

    @Test(arguments: [
        "cleanup_clear", "__do_sys_cleanup_robust_list", "__x64_sys_cleanup_robust_list",
        "cleanup_collect_mms.isra.0",
    ])
    func dataRaceOfTheNewFileIsAFault(_ function: String) {
        let findings = ConsoleLog.findings(in: race(in: function) + end)
        #expect(findings.faults.map(\.line) == [2])
        #expect(findings.otherDataRaces == 0)
    }

    @Test func dataRaceOfOthersIsCounted() {
        let findings = ConsoleLog.findings(in: race(in: "vfs_read") + end + race(in: "tick_sched") + end)
        #expect(findings == ConsoleLog.Findings(otherDataRaces: 2))
    }

    @Test func dataRaceOfOthersHidesNothing() {
        let text = race(in: "vfs_read") + "WARNING: suspicious RCU usage\n" + end + "BUG: sleeping function\n"
        let findings = ConsoleLog.findings(in: text)
        #expect(findings.faults.map(\.text) == ["WARNING: suspicious RCU usage", "BUG: sleeping function"])
        #expect(findings.otherDataRaces == 1)
    }

    /// A function that an interrupt found running has no part in what that does.
    @Test(arguments: [("asm_sysvec_apic_timer_interrupt", 0), ("handle_mm_fault", 1)])
    func dataRaceOfAnInterruptIsNotThatOfTheFunctionItInterrupts(_ frame: String, faults: Int) {
        let text = race(in: "kthread_is_per_cpu").replacing(
            " do_syscall_64", with: " \(frame)+0x16/0x20\n cleanup_visit+0x18f7/0x1cf0\n do_syscall_64")
        let findings = ConsoleLog.findings(in: text + end)
        #expect(findings.faults.count == faults)
        #expect(findings.otherDataRaces == 1 - faults)
    }

    /// As seen, and what must not pass for that.
    @Test(arguments: [
        ("cleanup_visit / do_exit", "read (marked)", 0),
        ("begin_new_exec / cleanup_visit", "read (marked)", 0),
        ("cleanup_visit / do_exit", "read", 1), ("cleanup_visit / set_robust_list", "read (marked)", 1),
    ])
    func dataRaceAboutAddressSpaceOfTaskIsTolerated(_ functions: String, _ access: String, faults: Int) {
        let text = """
            BUG: KCSAN: data-race in \(functions)

            \(access) to 0xffffa04fc0b9c5d8 of 8 bytes by task 50 on cpu 0:
             cleanup_visit+0x1990/0x1cf0
             do_syscall_64+0x6b/0x2c0

            write to 0xffffa04fc0b9c5d8 of 88 bytes by task 20346 on cpu 1:
             do_exit+0x37f/0x1110
             do_syscall_64+0x6b/0x2c0


            """
        let findings = ConsoleLog.findings(in: text + end)
        #expect(findings.faults.count == faults)
        #expect(findings.otherDataRaces == 1 - faults)
    }

    /// The rest of such a report is not known.
    @Test func dataRaceThatIsCutOffIsAFault() {
        #expect(ConsoleLog.findings(in: race(in: "vfs_read")).faults.count == 1)
    }

    /// The names by which a data race is known to be the new file's.
    @Test func everyFunctionOfTheNewFileIsKnownByItsName() throws {
        let repository = try Repository.containing(FilePath(#filePath))
        let series = try PatchSeries(directory: repository.root.appending("kernel-patch"))
        let sections = series.patches.flatMap { $0.text.split(separator: "diff --git ") }
            .filter { $0.hasPrefix("a/kernel/futex/cleanup.c") }
        // A definition begins in the first column, with its type, on one line with its name.
        let names = sections.flatMap { section in
            section.matches(of: /\n\+(?:static |inline |noinline )*[a-z_][\w *]* \**(\w+)\(/).map { $0.1 }
        }
        #expect(names.count > 20)
        #expect(names.filter { $0.wholeMatch(of: DataRaces.newFunctions) == nil } == [])
    }

    /// The out-of-memory killer's report has a call trace, too.
    @Test func memoryCgroupThatIsFullIsNoFault() throws {
        let report = String(decoding: try golden("console-memory-cgroup.log"), as: UTF8.self)
        #expect(report.contains("invoked oom-killer") && report.contains("Call Trace:"))
        #expect(ConsoleLog.findings(in: report).faults == [])
        #expect(ConsoleLog.findings(in: report + "Call Trace:\n").faults.map(\.text) == ["Call Trace:"])
        for (text, garbled) in [("oom-killer", "oom-killler"), ("gfp_mask", "gfp_maask")] {
            let log = report.replacing(text, with: garbled)
            #expect(log != report && ConsoleLog.findings(in: log).faults == [])
        }
        // The same killer, because the whole guest is full.
        let killed = "Out of memory: Killed process 59 (cat)"
        #expect(ConsoleLog.findings(in: report + killed).faults.map(\.text) == [killed])
    }

    @Test func allocationThatWasMadeToFailIsNoFault() {
        let report = """
            robust-list-che: vmalloc error: size 4800, vm_struct allocation failed, mode:0x400cc0(GFP_KERNEL_ACCOUNT)
            CPU: 0 UID: 0 PID: 574 Comm: robust-list-che Not tainted 7.3.4 #7 PREEMPTLAZY
            Call Trace:

            """
        #expect(ConsoleLog.findings(in: report).faults == [])
        #expect(ConsoleLog.findings(in: report + "Call Trace:\n").faults.map(\.line) == [4])
    }

    @Test func kmemleakIsAFaultOnlyWhereItFails() {
        let quiet = """
            kmemleak: Kernel memory leak detector initialized (mem pool available: 15729)
            kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)

            """
        #expect(ConsoleLog.findings(in: quiet).faults == [])
        let failure = "kmemleak: Cannot allocate a kmemleak_object structure"
        #expect(ConsoleLog.findings(in: quiet + failure).faults.map(\.text) == [failure])
    }
}
