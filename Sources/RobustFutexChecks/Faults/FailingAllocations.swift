// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

/// Lets everything fail that a call asks the kernel for, one after the other, and at last all of it.
///
/// The call then succeeds, or gives ENOMEM; each operation is gone, or as it was; the next call, which is left alone,
/// ends all of them; and when the processes are gone nothing is left that the calls took or made.
public struct FailingAllocations {
    /// The result of a scenario.
    public struct Result: Sendable {
        /// The number of things that the caller asked for, each of which failed once.
        public var failures = 0
        /// In how many of those the call gave ENOMEM; in the others it did without.
        public var errors = 0
    }

    /// The reason why nothing can be made to fail on this machine; nil when it can.
    public static func problem() -> String? { FailNth.problem() }

    /// The objects that cannot be counted on this machine before and after a scenario, with the reasons.
    public let uncounted: [String]
    private let leftovers: Leftovers

    /// For a process that is robust-list-check itself, and has no peers.
    public init() throws {
        try FailNth.includeAllAllocations()
        leftovers = try Leftovers()
        uncounted = leftovers.uncounted
    }

    /// - Throws: `CheckError.failed` when the contract was broken, or something is left.
    public func run(_ scenario: Scenario) throws -> Result {
        try leftovers.begin()
        let result: Result
        do {
            result = try Self.carryOut(scenario)
        } catch {
            leftovers.giveUp()
            throw error
        }
        try leftovers.expectNone()
        return result
    }

    private static func carryOut(_ scenario: Scenario) throws -> Result {
        let scene = Scene()
        return try closing(scene) {
            let world = try scenario.world(scene)
            // The world's other resources, such as swap space, are in use for as long as there are processes.
            return try withExtendedLifetime(world) { try closing(scene) { try run(in: world) } }
        }
    }

    /// Ends the processes whatever happens; the error of `body` is the one to report. Can be done twice.
    private static func closing(_ scene: Scene, _ body: () throws -> Result) throws -> Result {
        let result: Result
        do {
            result = try body()
        } catch {
            try? scene.close()
            throw error
        }
        try scene.close()
        return result
    }

    /// More than any call asks for.
    private static let limit = 2_000
    /// The number of times that a failure is repeated which the call could not do without. The search for leaks takes any
    /// number for a pointer that looks like one, such as those in old stacks: a single object can escape it, several do not.
    private static let repetitions = 8

    private static func run(in world: FaultWorld) throws -> Result {
        let nth = FailNth(of: world.caller)
        var result = Result()
        for number in 1...limit {
            let (value, left) = try callOnce(in: world, nth, number)
            if value != 0 {
                result.errors += 1
                for _ in 0..<repetitions { _ = try callOnce(in: world, nth, number) }
            }
            guard left == 0 else {
                for _ in 0..<repetitions {
                    try world.prepare()
                    let value = try nth.withoutMemory { try world.call() }
                    try judge(value, in: world, "no memory at all")
                }
                return result
            }
            result.failures += 1
        }
        throw CheckError.broken("more than \(limit) things are asked for")
    }

    /// The result of a call for which the n-th thing fails, and for how many more it would have had to ask.
    private static func callOnce(
        in world: FaultWorld, _ nth: FailNth, _ number: Int
    ) throws -> (value: Int, left: Int) {
        try world.prepare()
        try nth.set(number)
        let value = try world.call()
        let left = try nth.left()
        try nth.set(0)
        try judge(value, in: world, "failure \(number)")
        return (value, left)
    }

    /// Looks at what a call with that result has left, and lets another one end it.
    private static func judge(_ value: Int, in world: FaultWorld, _ what: String) throws {
        guard value == 0 || value == -Int(ENOMEM) else {
            throw CheckError.failed("\(what): expected 0 or ENOMEM, observed \(resultName(value))")
        }
        try world.look(allCleared: value == 0, what)
        guard value != 0 else { return }
        try world.scene.expect(try world.call(), 0, "after \(what)")
        try world.look(allCleared: true, "after \(what)")
    }
}
