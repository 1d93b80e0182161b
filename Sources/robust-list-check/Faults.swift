// SPDX-License-Identifier: MIT

import ArgumentParser
import RobustFutex
import RobustFutexChecks
import TestProcesses

struct Faults: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make every request of the call to the kernel fail in turn, and look for leaks.",
        discussion: """
            Makes each allocation, page, futex key and read of swap space that the call asks for fail once, and at last \
            all allocations together: with one sharer and many, many threads, several mappings, private memory, PI futexes, \
            an exec to wait for, a waiter, and robust list heads that a fork has shared, that are swapped out, or in huge pages. If the call \
            returns 0, every pending operation is cleared; if ENOMEM, each is cleared or unchanged, and repeating the \
            call clears the rest.

            When the processes of a scenario have gone, nothing is left: no address space, task, open file, control \
            group or memory charged to one. In the end kmemleak searches for memory that a call allocated and nothing \
            points to; whatever else it finds is only mentioned.

            Needs root and a kernel with fault injection, such as patched-faults, on which nothing else runs. Whatever \
            cannot be checked there is named and counted. Exits 0 if all that was checked holds, 1 if not, and 4 if \
            nothing can be made to fail.
            """)

    func run() throws {
        guard SyscallDetection.ofThisKernel.isPresent else {
            complain("nothing ran: \(SyscallDetection.ofThisKernel.verdict.words)")
            throw Status.allSkipped
        }
        if let problem = FailingAllocations.problem() {
            complain("nothing ran: \(problem)")
            throw Status.allSkipped
        }
        PeerRoot.launchByForking()
        var tally = Tally()
        let hasKmemleak = tally.isThere("memory that nothing points to", Kmemleak.problem())
        if hasKmemleak { try Kmemleak.forget() }
        let faults = try FailingAllocations()
        for uncounted in faults.uncounted { tally.isMissing(uncounted) }
        for scenario in FailingAllocations.Scenario.allCases
        where tally.isThere(scenario.rawValue, scenario.reasonMissing()) {
            tally.carryOut(scenario.rawValue) {
                let result = try faults.run(scenario)
                return "\(result.failures) failures, ENOMEM in \(result.errors)"
            }
        }
        if hasKmemleak { tally.carryOut("memory that nothing points to", Self.searchForLeaks) }
        print("\(tally.passed) passed, \(tally.failed) failed, \(tally.missing) not checked")
        guard tally.failed == 0 else { throw Status.failure }
    }

    private static func searchForLeaks() throws -> String {
        let findings = try Kmemleak.search()
        let others = findings.others.isEmpty ? "" : "\nallocated by others:\n" + findings.others.joined()
        guard findings.ofCalls.isEmpty else {
            throw CheckError.failed("allocated by calls:\n" + findings.ofCalls.joined() + others)
        }
        return "none allocated by a call" + others
    }
}

/// Counts what was checked, and says so line by line.
private struct Tally {
    private(set) var passed = 0
    private(set) var failed = 0
    private(set) var missing = 0

    mutating func carryOut(_ name: String, _ body: () throws -> String) {
        do {
            print("\(name): \(try body())")
            passed += 1
        } catch {
            print("\(name): \(error)")
            failed += 1
        }
    }

    mutating func isThere(_ name: String, _ problem: String?) -> Bool {
        guard let problem else { return true }
        isMissing("\(name): \(problem)")
        return false
    }

    mutating func isMissing(_ what: String) {
        print("not checked: \(what)")
        missing += 1
    }
}
