// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses
import WorldExplorer

struct Explore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the kernel with a model of the contract, in random worlds.",
        discussion: """
            A world is made of processes, threads, files, mappings and pending operations, and what happens in it: \
            calls with all kinds of ranges, alone and at the same time, exits, kills, forks, waits. After every step \
            each list_op_pending and every word of all files is what the model says, and each result one that it allows. \
            The first world that fails is shrunk and printed as a program, which --program runs again. Exits 0 if none failed, \
            1 if one did, and 4 on a kernel without the call.
            """)

    @Option(
        help:
            "Seed of the first world; the next one has the next number. (default: 1, after those that failed once)"
    )
    var seed: UInt64?

    @Option(help: "Number of worlds; without it --seconds decides.")
    var worlds: Int?

    @Option(help: "Duration in seconds.")
    var seconds = 60

    @Option(help: "Number of worlds at a time. (default: that of processors)")
    var jobs: Int?

    @Option(help: ArgumentHelp("Run this program instead.", valueName: "file"))
    var program: String?

    @Flag(
        help:
            "Vary the programs that had the kernel do something new; needs a kernel with gcov for cleanup.c, see ./qemu/coverage --worlds."
    )
    var guided = false

    @Flag(help: "Run none where worlds have to do without something, such as huge pages or swap space.")
    var complete = false

    @Flag(help: "Print a world that fails as it is.")
    var noShrinking = false

    @Flag(help: "Print the program of --seed and run none.")
    var show = false

    func validate() throws {
        guard (1...86_400).contains(seconds) else {
            throw ValidationError("--seconds \(seconds): must be from 1 to 86400")
        }
        if guided, program != nil { throw ValidationError("--guided and --program: one of them") }
        if let jobs, !(1...64).contains(jobs) {
            throw ValidationError("--jobs \(jobs): must be from 1 to 64")
        }
        if jobs ?? 1 > 1, guided {
            throw ValidationError("--guided and --jobs \(jobs!): worlds are told apart one at a time only")
        }
        if let worlds, worlds < 1 { throw ValidationError("--worlds \(worlds): must be 1 or more") }
    }

    func run() throws {
        if show {
            var generator = ProgramGenerator(seed: seed ?? 1)
            return print(try Self.text(generator.program()))
        }
        guard SyscallDetection.ofThisKernel.isPresent else {
            complain("nothing ran: \(SyscallDetection.ofThisKernel.verdict.words)")
            throw Status.allSkipped
        }
        PeerRoot.launchByForking()
        let jobs = min(jobs ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), worlds ?? .max)
        let means = try WorldMeans(forWorlds: jobs)
        for missing in means.missing { complain("worlds do without \(missing)") }
        if complete, !means.missing.isEmpty { throw Status.failure }
        let explorer = Explorer(means)
        if let program { return try replay(program, explorer) }
        if guided { return try exploreGuided(explorer) }
        let workers = try ParallelExplorer(means, count: jobs, end: worlds) { number in
            var generator = self.generator(of: number)
            return generator.program()
        }
        let start = ContinuousClock.now
        var count = try repeatedly(explorer) {
            let failure = try workers.nextResult()
            if failure != nil { workers.stop() }
            return failure
        }
        // One that hangs or loses a wake-up takes the longest: it is among these.
        try workers.finish { failure in
            count.worlds += 1
            guard let failure else { return }
            workers.stop()
            try report(failure, count.worlds, start, explorer)
        }
        print("\(count.worlds) worlds from seed \(seed ?? 1), none failed (\(count.seconds) s)")
    }

    private func exploreGuided(_ explorer: Explorer) throws {
        var guided: GuidedExplorer
        do {
            guided = try GuidedExplorer(explorer, KernelCoverage(), seed: seed ?? 1)
        } catch {
            complain("--guided: \(error)")
            throw Status.allSkipped
        }
        let count = try repeatedly(explorer) {
            try guided.next()
        } also: {
            ", \(guided.kept.count) kept, \(guided.arcs) arcs"
        }
        print(
            "\(count.worlds) guided worlds from seed \(seed ?? 1), none failed (\(count.seconds) s); \(guided.kept.count) programs did something new, \(guided.arcs) arcs of the code were taken"
        )
    }

    /// Tries worlds until there were enough, or one fails.
    ///
    /// - Parameter also: more for the lines that show progress.
    private func repeatedly(
        _ explorer: Explorer, _ next: () throws -> Failure?, also: () -> String = { "" }
    ) throws -> (worlds: Int, seconds: Int64) {
        let start = ContinuousClock.now
        var lastLine = start
        var number = 0
        while worlds.map({ number < $0 }) ?? (ContinuousClock.now - start < .seconds(seconds)) {
            number += 1
            if let failure = try next() { try report(failure, number, start, explorer) }
            if ContinuousClock.now - lastLine >= .seconds(10) {
                lastLine = .now
                complain("explore: \(number) worlds in \(Self.seconds(since: start)) s\(also())")
            }
        }
        return (number, Self.seconds(since: start))
    }

    /// Of a world, counted from 0.
    private func generator(of number: Int) -> ProgramGenerator {
        if let seed { return ProgramGenerator(seed: seed + UInt64(number)) }
        let kept = KeptSeeds.all
        guard number < kept.count else { return ProgramGenerator(seed: UInt64(number - kept.count) + 1) }
        return ProgramGenerator(seed: kept[number].seed, generation: kept[number].generation)
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Int64 {
        (ContinuousClock.now - start).components.seconds
    }

    private func replay(_ path: String, _ explorer: Explorer) throws {
        let program: WorldProgram
        do {
            program = try JSONDecoder().decode(
                WorldProgram.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            complain("--program \(path): no program of explore: \(error)")
            throw ExitCode(64)
        }
        guard let failure = explorer.failure(of: program) else { return print("the program did not fail") }
        print(failure.reason)
        throw Status.failure
    }

    private func report(
        _ failure: Failure, _ number: Int, _ start: ContinuousClock.Instant, _ explorer: Explorer
    ) throws {
        let seed = failure.program.seed.map(String.init) ?? "?"
        print("world \(number) (\(Self.seconds(since: start)) s), seed \(seed): \(failure.reason)")
        if noShrinking {
            print(try Self.text(failure.program))
            throw Status.failure
        }
        let shrunk = explorer.shrunk(failure) { trials in
            if trials % 20 == 0 { complain("explore: shrinking, \(trials) trials") }
        }
        if failure.isDisagreement {
            print(
                "shrunk from \(failure.program.steps.count) steps to \(shrunk.program.steps.count): \(shrunk.reason)"
            )
        }
        print(try Self.text(shrunk.program))
        throw Status.failure
    }

    private static func text(_ program: WorldProgram) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let steps = try program.steps.map { "  " + String(decoding: try encoder.encode($0), as: UTF8.self) }
        let stores = try program.stores.map {
            "\"stores\": " + String(decoding: try encoder.encode($0), as: UTF8.self) + ", "
        }
        return "{\(stores ?? "")\"steps\": [\n\(steps.joined(separator: ",\n"))\n]}"
    }
}
