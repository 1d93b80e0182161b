// SPDX-License-Identifier: MIT

import ArgumentParser
import RobustFutex
import RobustFutexChecks
import TestProcesses

struct Faults: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let everything fail that a call asks the kernel for, one after the other.",
        discussion: """
            Makes each allocation, page and futex key that the call asks for fail once, with one sharer and many, many \
            threads, several mappings, private memory, and robust list heads that a fork has shared. If the call returns \
            0, every pending operation is cleared; if ENOMEM, each is cleared or unchanged, and repeating the call \
            clears the rest. Needs root and a kernel with CONFIG_FAULT_INJECTION, such as patched-faults. \
            Exits 0 if all of that holds, 1 if not, and 4 if nothing can be made to fail.
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
        var isGood = true
        for scenario in FailingAllocations.Scenario.allCases {
            do {
                let result = try FailingAllocations.run(scenario)
                print("\(scenario.rawValue): \(result.failures) failures, ENOMEM in \(result.errors)")
            } catch {
                print("\(scenario.rawValue): \(error)")
                isGood = false
            }
        }
        guard isGood else { throw Status.failure }
    }
}
