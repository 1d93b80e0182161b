// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

/// Processes that make the call on a lock, again and again and at the same time.
final class CallingPeers {
    private let scene: Scene
    private let callers: [(peer: Peer, task: PeerTask, base: UInt)]
    private let own: MemoryMapping
    /// The offset in the file of the word that tells all callers to stop.
    static let stop = 64

    /// - Parameter processor: on which they run; nil for any.
    init(
        _ scene: Scene, _ count: Int, onProcessor processor: Int? = nil, sharing file: borrowing MemoryFile
    ) throws {
        self.scene = scene
        own = try MemoryMapping(of: file, length: pageSize)
        callers = try (0..<count).map { _ in
            let peer = try scene.peer()
            // Its tasks inherit it.
            if let processor { try peer.run(onProcessor: processor) }
            let base = try peer.map(file, length: pageSize)
            return (peer, try peer.startTask(), base)
        }
    }

    /// From now on; how often they have searched.
    func countSearches() throws -> () throws -> Int {
        let walks = try callers.map { try ProcessWalks(by: $0.task.tid) }
        return { try walks.reduce(0) { $0 + (try $1.count()) } }
    }

    /// Lets all callers make calls while `body` runs, checks that no call failed, and returns their number.
    func callMeanwhile(_ body: () throws -> Void) throws -> Int {
        own.cell(at: Self.stop).store(.unlocked)
        for caller in callers {
            caller.task.beginCalls(
                address: caller.base + UInt(wordOffset), until: caller.base + UInt(Self.stop))
        }
        try body()
        own.cell(at: Self.stop).store(FutexWord(rawValue: 1))
        return try callers.reduce(0) { calls, caller in
            try scene.expect(try caller.task.endOfCall(), 0, "cleanup_robust_list(2) beside another caller")
            return calls + caller.task.callCount
        }
    }

    func callOnce() throws {
        let caller = callers[0]
        try scene.cleanup(by: caller.task, address: caller.base + UInt(wordOffset))
    }
}
