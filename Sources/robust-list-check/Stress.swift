// SPDX-License-Identifier: MIT

import ArgumentParser
import CTestProcesses
import Glibc
import RobustFutex
import RobustFutexChecks

struct Stress: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Destroy locks that other processes use, kill those processes, and look for corruption.",
        discussion: """
            Worker processes lock and unlock robust locks in shared memory, linger in their unlocks, fork, clone, \
            execute themselves again, and are killed. This process destroys the locks in turn, calls \
            cleanup_robust_list(2), fills their memory with the thread ID that a stale pending operation would match, \
            and later checks that it is still there. Worker threads exit, and a value that looks like a pointer to a \
            lock is stored where their list_op_pending was: it must not change. Only its own memory can be corrupted. \
            Exits 0 if nothing was corrupted or changed, and 1 if something was or the run could not continue. With \
            --without-call it shows the bug: exits 0 if something was corrupted, and 1 if nothing was.
            """)

    @Option(help: "Duration in seconds.")
    var seconds = 10

    @Option(help: "Number of worker processes.")
    var processes = 4

    @Option(help: "Number of threads in each process.")
    var threads = 4

    @Option(help: "Number of locks.")
    var locks = 16

    @Flag(
        name: .customLong("without-call"), help: "Destroy locks as C libraries do today; works on any kernel."
    )
    var withoutCall = false

    @Flag(help: "Stop at the first corruption.")
    var stopAtFirst = false

    func validate() throws {
        try require(seconds, in: 1...86_400, "--seconds")
        try require(processes, in: 1...64, "--processes")
        try require(threads, in: 1...64, "--threads")
        try require(locks, in: 2...Int(CTP_STRESS_LOCKS), "--locks")
        guard processes * threads <= Int(CTP_STRESS_THREADS) else {
            throw ValidationError(
                "--processes \(processes) times --threads \(threads): at most \(CTP_STRESS_THREADS) threads in all"
            )
        }
    }

    private func require(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws {
        guard range.contains(value) else {
            throw ValidationError(
                "\(name) \(value): must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func run() throws {
        if !withoutCall, let reason = Check.Requirement.syscall.reasonToSkip() {
            complain("\(reason); --without-call shows the bug")
            throw Status.allSkipped
        }
        var options = StressRun.Options()
        options.processes = processes
        options.threads = threads
        options.locks = locks
        options.duration = .seconds(seconds)
        options.calls = !withoutCall
        options.stopsAtFirst = stopAtFirst
        var stress = StressRun(options, program: "/proc/self/exe")
        let started = ContinuousClock.now
        let totals: StressRun.Totals
        do {
            totals = try stress.run { Self.say($0, started) }
        } catch {
            complain("\(error)")
            throw Status.failure
        }
        Self.say(totals, started)
        guard (totals.corrupted > 0) == withoutCall, totals.changed == 0 else { throw Status.failure }
    }

    private static func say(_ totals: StressRun.Totals, _ started: ContinuousClock.Instant) {
        let seconds = started.duration(to: .now).components.seconds
        print(
            "\(seconds) s: \(totals.unlocks) unlocks, \(totals.destroyed) locks destroyed,"
                + " \(totals.killed) processes killed, \(totals.corrupted) locks corrupted,"
                + " \(totals.reused) words of dead threads used again, \(totals.changed) changed")
        fflush(nil)
    }
}

extension StressWorker.Role: ExpressibleByArgument {}

/// A worker of the stress, started by it.
struct StressWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stress-worker", abstract: "Use locks until killed; started by stress.",
        shouldDisplay: false)

    @Option(help: "Role: worker, undertaker or caller.")
    var role: StressWorker.Role

    @Option(help: "Descriptor of the arena.")
    var arena: Int32

    @Option(help: "Number of the first thread.")
    var first: Int

    @Option(help: "Number of threads.")
    var threads: Int

    func run() throws {
        try StressWorker(role, arena: arena, first: first, threads: threads).run()
    }
}
