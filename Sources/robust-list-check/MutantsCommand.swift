// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import Glibc
import RobustFutex
import RobustFutexChecks
import SystemPackage
import TestProcesses

/// The guest's part of `kernel-patch/mutants`.
struct MutantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutants", abstract: "Run checks on the mutants of a kernel that has them.",
        shouldDisplay: false)

    /// A mutant with the checks that reach it.
    struct Trial: Codable {
        var number: Int
        /// In the order in which they are run.
        var checks: [Step]

        struct Step: Codable {
            /// As Group/name.
            var check: String
            /// Limit in seconds.
            var limit: Int
        }
    }

    @Option(help: "Run each check on the code as it is, and print what it reaches, if none is given.")
    var plan: String?

    func run() throws {
        guard let kernel = MutantKernel() else {
            complain("nothing ran: this kernel has no mutants")
            throw Status.allSkipped
        }
        // Once, on the code as it is: those that run a check are forked from here. A mutant would get this process into a
        // call that never ends, or have checks skipped.
        guard SyscallDetection.ofThisKernel.isPresent else {
            complain("nothing ran: \(SyscallDetection.ofThisKernel.verdict.words)")
            throw Status.allSkipped
        }
        for check in Check.all { _ = check.reasonToSkip() }
        // A kernel that is damaged is to be noticed at once, and to go down.
        for name in ["panic_on_oops", "panic_on_warn"] {
            try writeText("1", to: FilePath("/proc/sys/kernel/\(name)"))
        }
        guard let plan else { return try map(kernel) }
        let trials = try JSONDecoder().decode(
            [Trial].self, from: Data(contentsOf: URL(filePath: plan)))
        let checks = Dictionary(uniqueKeysWithValues: Check.all.map { ($0.path, $0) })
        for trial in trials {
            say("trying \(trial.number)")
            try carryOut(trial, checks, kernel)
        }
        say("done")
    }

    private func map(_ kernel: MutantKernel) throws {
        let isolated = IsolatedRun(limit: .seconds(300))
        for check in Check.all {
            try kernel.forget()
            var outcome = CheckResult.passed
            let duration = ContinuousClock().measure { outcome = isolated.outcome(of: check) }
            let milliseconds = Int(duration / .milliseconds(1))
            say("\(check.path) \(outcome.word) \(milliseconds) \(try kernel.reachedDigits())")
        }
        say("done")
    }

    private func carryOut(
        _ trial: Trial, _ checks: [String: Check], _ kernel: MutantKernel
    ) throws {
        for step in trial.checks {
            let name = step.check
            guard let check = checks[name] else {
                complain("there is no check \(name)")
                throw Status.nothingChosen
            }
            let isolated = IsolatedRun(limit: .seconds(step.limit))
            func run() -> CheckResult {
                // The host ends a guest that falls silent.
                say("running \(name)")
                return isolated.outcome(of: check)
            }
            try kernel.select(trial.number)
            var outcome = run()
            // It may have been unlucky, or the machine busy: what does not happen again is not held against the mutant. One that
            // fails now and then is, if that comes twice in three times.
            if outcome.mayBeChance {
                outcome = (0..<2).lazy.map { _ in run() }.first { $0 != .passed } ?? .passed
            }
            try kernel.select(0)
            if outcome == .passed { continue }
            say("killed \(trial.number) \(name) \(outcome.word)")
            if case .timedOut = outcome { throw Status.failure }
            // Damage done by this mutant must not count as caught by the next one.
            guard run() == .passed else {
                say("damaged")
                throw Status.failure
            }
            return
        }
        say("survived \(trial.number)")
    }

    /// Prints a line at once: the guest may not live on.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}

extension CheckResult {
    /// Not where a limit has passed: what waits in the kernel then is still there.
    fileprivate var mayBeChance: Bool {
        switch self {
        case .failed, .broken: true
        default: false
        }
    }
}
