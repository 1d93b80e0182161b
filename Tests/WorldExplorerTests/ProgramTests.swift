// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import WorldExplorer

@Suite struct ProgramTests {
    @Test func sameSeedMakesTheSameProgram() {
        for seed: UInt64 in 1...50 {
            var (one, other) = (ProgramGenerator(seed: seed), ProgramGenerator(seed: seed))
            #expect(one.program() == other.program())
        }
        var (first, second) = (ProgramGenerator(seed: 1), ProgramGenerator(seed: 2))
        #expect(first.program().steps != second.program().steps)
    }

    /// The programs that failed once are those that are run.
    @Test func seedsOfAnEarlierGenerationMakeWhatTheyMade() {
        var generator = ProgramGenerator(seed: 18, generation: .first)
        let steps = generator.program().steps
        #expect(steps.count == 44)
        #expect(steps[7] == .pend(task: 14, nil))
        #expect(steps[42] == .fork(process: 4))
    }

    /// A program in a file is the program that was printed.
    @Test func programsSurviveJSON() throws {
        for seed: UInt64 in 1...50 {
            var generator = ProgramGenerator(seed: seed)
            let program = generator.program()
            let data = try JSONEncoder().encode(program)
            #expect(try JSONDecoder().decode(WorldProgram.self, from: data) == program)
        }
    }

    /// Each kind of step comes about in a few hundred programs; what never comes is never tried.
    @Test func everyKindOfStepComesAbout() throws {
        var (seen, besides): (Set<String>, Set<String>) = ([], [])
        for seed: UInt64 in 1...300 {
            var generator = ProgramGenerator(seed: seed)
            let program = generator.program()
            for store in program.stores?.files ?? [] { seen.insert(store.rawValue) }
            if let huge = program.stores?.huge { seen.insert(huge.rawValue) }
            if let heads = program.stores?.heads { seen.insert("heads in a \(heads)") }
            for step in program.steps {
                seen.insert(String(describing: step).prefix { $0 != "(" }.description)
                if case .map(_, _, _, .reopenedFile) = step { seen.insert("reopened") }
                if case .callsBeside(_, let beside) = step {
                    besides.insert(String(describing: beside).prefix { $0 != "(" }.description)
                }
                if case .calls(let calls) = step {
                    for call in calls {
                        if call.isPrivate { seen.insert("private") }
                        if call.unknownFlag { seen.insert("unknown flag") }
                        if call.wraps { seen.insert("wraps") }
                        if call.length == 0 { seen.insert("empty") }
                    }
                    if calls.count > 1 { seen.insert("two calls") }
                }
            }
        }
        let stores =
            Stores.Small.allCases.map(\.rawValue) + Stores.Huge.allCases.map(\.rawValue)
            + Stores.Heads.allCases.map { "heads in a \($0)" }
        #expect(
            seen.subtracting(stores) == [
                "process", "fork", "map", "unmap", "protect", "task", "pend", "store", "wait", "calls",
                "callsBesideKill", "exit", "exec", "kill", "moveHead", "headPage", "pendCompat", "private",
                "processInNamespace", "hugeMapping", "move", "pageOut", "halt", "resume", "exitLeader",
                "vforkTask", "hold", "mapScattered", "reopened", "dropHead", "bury", "callsBeside",
                "unknown flag",
                "wraps", "empty", "two calls",
            ])
        #expect(seen.isSuperset(of: stores))
        #expect(
            besides == [
                "exit", "exec", "kill", "fork", "map", "unmap", "protect", "headPage", "hugeMapping",
                "pageOut", "halt", "resume",
            ])
    }
}
