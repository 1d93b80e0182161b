// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// Lets everything fail that a call asks the kernel for, one after the other.
///
/// The call then succeeds, or gives ENOMEM; each operation is gone, or as it was; and the next call, which is left alone,
/// ends all of them.
public enum FailingAllocations {
    /// A world in which a call asks for something.
    public enum Scenario: String, CaseIterable, Sendable {
        case oneSharer = "one sharer"
        case manySharers = "many sharers"
        case manyThreads = "many threads"
        case severalMappings = "several mappings"
        case privateMemory = "private memory"
        case headOfForkedMemory = "a head that is to be copied after a fork"
    }

    /// The result of a scenario.
    public struct Result: Sendable {
        /// The number of things that the caller asked for, each of which failed once.
        public var failures: Int
        /// In how many of those the call gave ENOMEM; in the others it did without.
        public var errors: Int
    }

    /// The reason why nothing can be made to fail on this machine; nil when it can.
    public static func problem() -> String? { FailNth.problem() }

    /// - Throws: `CheckError.failed` when the contract was broken.
    public static func run(_ scenario: Scenario) throws -> Result {
        try FailNth.includeAllAllocations()
        let scene = Scene()
        do {
            let result = try run(scenario, scene)
            try scene.close()
            return result
        } catch {
            try? scene.close()
            throw error
        }
    }

    /// More than any call asks for.
    private static let limit = 2_000

    private static func run(_ scenario: Scenario, _ scene: Scene) throws -> Result {
        let world = try World(scenario, scene)
        let nth = FailNth(of: world.caller)
        var result = Result(failures: 0, errors: 0)
        for number in 1...limit {
            try world.prepare()
            try nth.set(number)
            let value = try world.call()
            let left = try nth.left()
            try nth.set(0)
            guard value == 0 || value == -Int(ENOMEM) else {
                throw CheckError.failed(
                    "\(scenario.rawValue), failure \(number): expected 0 or ENOMEM, observed \(resultName(value))"
                )
            }
            try world.look(allCleared: value == 0, "\(scenario.rawValue), failure \(number)")
            if value != 0 {
                result.errors += 1
                try scene.expect(try world.call(), 0, "\(scenario.rawValue), after failure \(number)")
                try world.look(allCleared: true, "\(scenario.rawValue), after failure \(number)")
            }
            if left > 0 { return result }
            result.failures += 1
        }
        throw CheckError.broken("\(scenario.rawValue): more than \(limit) things are asked for")
    }

    private final class World {
        let caller: PeerTask
        private let range: (address: UInt, length: Int)
        private var pending: [(task: PeerTask, word: UInt)] = []
        /// Of the scenario with heads in memory that a fork has shared.
        private var heads: [(head: PlacedHead, peer: Peer, word: UInt)] = []
        private let scene: Scene

        init(_ scenario: Scenario, _ scene: Scene) throws {
            self.scene = scene
            let pages = scenario == .severalMappings ? 12 : 1
            let file = try scene.file(pages: pages)
            let peer = try scene.peer()
            caller = try peer.startTask()
            if scenario == .severalMappings {
                // Of different parts of the file, in an order in which they do not merge.
                let base = try peer.map(anonymous: .private, length: pages * pageSize)
                for page in 0..<pages {
                    try peer.map(
                        file, at: base + UInt(page * pageSize), offset: (pages - 1 - page) * pageSize,
                        length: pageSize)
                }
                range = (base, pages * pageSize)
            } else if scenario == .privateMemory {
                range = (try peer.map(anonymous: .private, length: pageSize), pageSize)
            } else {
                range = (try peer.map(file, length: pageSize), pageSize)
            }
            let sharers = scenario == .privateMemory ? 0 : scenario == .manySharers ? 40 : 2
            for _ in 0..<sharers {
                let sharer = try scene.peer()
                let base = try sharer.map(file, length: pages * pageSize)
                let threads = scenario == .manyThreads ? 40 : 1
                for _ in 0..<threads {
                    pending.append((try sharer.startTask(), base + UInt(wordOffset)))
                }
                if scenario == .headOfForkedMemory {
                    let page = try sharer.map(anonymous: .private, length: pageSize)
                    let (task, _) = pending.removeLast()
                    heads.append((try PlacedHead(of: task, at: page), sharer, base + UInt(wordOffset)))
                }
            }
            for _ in 0..<(scenario == .privateMemory ? 20 : 0) {
                pending.append((try peer.startTask(), range.address + UInt(wordOffset)))
            }
        }

        /// Everybody is in the window again.
        func prepare() throws {
            for (task, word) in pending {
                try task.setPending(
                    rawValue: Self.operation(on: word), futexOffset: PeerTask.defaultFutexOffset)
            }
            for (head, peer, word) in heads {
                try head.enterWindow(at: word)
                // The child, which stays, makes the call take a fault that copies the page.
                _ = try scene.fork(peer)
            }
        }

        private static func operation(on word: UInt) -> UInt {
            PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset).rawValue
        }

        func call() throws -> Int { try caller.cleanup(address: range.address, length: range.length) }

        /// Each operation is gone; or, where the call failed, as it was.
        func look(allCleared: Bool, _ what: String) throws {
            for (task, word) in pending {
                try judge(
                    try task.pendingRawValue(), Self.operation(on: word), allCleared,
                    "task \(task.tid): \(what)")
            }
            for (head, _, word) in heads {
                try judge(
                    try head.pending(), Self.operation(on: word), allCleared, "task \(head.task.tid): \(what)"
                )
            }
        }

        private func judge(_ found: UInt, _ before: UInt, _ allCleared: Bool, _ what: String) throws {
            if found == 0 || (!allCleared && found == before) { return }
            throw CheckError.failed(
                "list_op_pending of \(what): expected NULL\(allCleared ? "" : " or as it was"), observed 0x\(String(found, radix: 16))"
            )
        }
    }
}
