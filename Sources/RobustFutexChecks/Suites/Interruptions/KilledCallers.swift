// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

// Callers that are killed in the midst of a long call, at many different moments: they go, whatever they have not yet
// done a later call of somebody else does, and nothing but operations on the lock is ever changed.
extension Check {
    static let killedCallers: [Check] = [
        Check(
            "leavesTheRestToLaterCallWhenKilledAmongManyProcesses", .interruptions,
            needs: [.root, .severalMappings],
            claim:
                "a caller killed while it visits 80 processes stops there; the next call clears what is left"
        ) { scene in
            let crowd = try Crowd(processes: 80) { try scene.peer() }
            try killsCallersAmid(scene, crowd, kills: 16)
            try expectLocksFree(crowd)
        },

        Check(
            "leavesTheRestToLaterCallWhenKilledAmongManyThreads", .interruptions,
            needs: [.root, .severalMappings],
            claim:
                "a caller killed while it visits 200 threads of a process stops there; the next call clears the rest"
        ) { scene in
            let crowd = try Crowd(processes: 1, threads: 200) { try scene.peer() }
            try killsCallersAmid(scene, crowd, kills: 16)
            try expectLocksFree(crowd)
        },

        Check(
            "leavesTheRestToLaterCallWhenKilledAmidManyMappings", .interruptions,
            needs: [.root, .severalMappings],
            claim:
                "so does one killed at any time of a call on 10,000 mappings of memory that another process has 20,000 times"
        ) { scene in
            let crowd = try Crowd(processes: 16) { try scene.peer() }
            try crowd.peers[0].map(crowd.file, length: pageSize, times: 20_000)
            let callers = try Callers(scene, crowd, parent: try scene.peer(), mappings: 10_000)
            let whole = try callers.durationOfCall()
            let kills = 16
            for number in 0..<kills {
                let moment = whole * number / kills
                try callers.kill { $0 >= moment }
            }
            scene.note("the call took \(whole) when it was left alone")
            try expectLocksFree(crowd)
        },

        Check(
            "canBeKilledWhileItSearchesForThreads", .interruptions, needs: [.root, .severalMappings],
            claim:
                "so does one killed at any time of a call that searches all processes for the 1,000 threads of a sharer"
        ) { scene in
            let file = try scene.file()
            // A process outside of the group makes the call search, the threads make it need memory after that.
            let sharer = try scene.peer(inWindowOf: file, at: wordOffset, kind: .vmProcess)
            let word = try sharer.peer.map(file, length: pageSize) + UInt(CallingPeers.stop)
            try sharer.peer.startTask().spawnWaiters(1_000, on: word)
            let parent = try scene.peer()
            let address = try parent.map(file, length: pageSize) + UInt(wordOffset)
            let first = try parent.startTask(.vmProcess)
            let whole = try ContinuousClock().measure { try scene.cleanup(by: first, address: address) }
            // Two searches come first, and are a large part: the other half is not tried, and each moment several times.
            let (moments, kills) = (24, 120)
            for number in 0..<kills {
                let calling = try parent.startTask(.vmProcess)
                let moment = whole * (number % moments) / moments / 2
                let began = ContinuousClock.now
                calling.beginCleanup(address: address, length: 4)
                while .now - began < moment {}
                try calling.send(SIGKILL)
                try scene.expectSoon("the end of a caller that was killed \(moment) after its call began") {
                    !ProcessState.isAlive(calling.processID)
                }
            }
            scene.note("the call took \(whole) when it was left alone")
        },

        Check(
            "keepsNoMemoryOfKilledCallers", .interruptions,
            needs: [.root, .cgroupMemory, .severalMappings],
            claim: "killed callers keep no kernel memory, process or address space"
        ) { scene in
            let group = try ControlGroup(.memory)
            let founder = try scene.peer()
            try group.add(founder.pid)
            let round = { (sharers: Int) in
                let crowd = try Crowd(processes: sharers) { try founder.fork() }
                defer { for peer in crowd.peers { try? peer.close() } }
                let parent = try founder.fork()
                defer { try? parent.close() }
                let callers = try Callers(scene, crowd, parent: parent, mappings: 2_000)
                for number in 0..<8 { try callers.kill { _ in crowd.isCleared(number * sharers / 8) } }
                for peer in crowd.peers + [parent] { try peer.close() }
            }
            // The first one leaves page tables and the like of the founder's behind.
            try round(8)
            let before = try group.kernelMemory()
            // So many that their address spaces alone would be seen.
            try round(70)
            try expectNoMore(than: before, in: group, "callers were killed and the sharers have gone")
            try founder.killAndWait()
        },
    ]

    /// Kills one caller after another, each when it has just cleared another thread.
    private static func killsCallersAmid(_ scene: Scene, _ crowd: Crowd, kills: Int) throws {
        let callers = try Callers(scene, crowd, parent: try scene.peer(), mappings: 8_000)
        for number in 0..<kills {
            try callers.kill { _ in crowd.isCleared(number * crowd.count / kills) }
        }
        scene.note(
            "\(callers.interrupted) of \(kills) callers were killed in the midst of \(crowd.count) threads")
        guard callers.interrupted > 0 else {
            throw CheckError.failed(
                "\(kills) callers killed once they had cleared a part of \(crowd.count) operations: expected some to"
                    + " stop there, observed that all went on to the last one")
        }
    }

    /// The callers have left the address spaces to their owners.
    private static func expectLocksFree(_ crowd: Crowd) throws {
        for peer in crowd.peers {
            do {
                _ = try peer.map(anonymous: .private, length: pageSize)
            } catch CheckError.timedOut {
                throw CheckError.failed(
                    "mmap(2) of a sharer after callers were killed: expected it to return, observed that it hangs"
                )
            }
        }
    }
}

/// Processes that make the call on the lock of a crowd, and are killed before it has come to its end.
///
/// They share the memory of one, so that what they leave behind is left to that. They run on one processor, where this
/// process stops them each time that it looks how far they have come.
private final class Callers {
    /// The number of those that had cleared a part when they were gone.
    private(set) var interrupted = 0
    private let scene: Scene
    private let crowd: Crowd
    private let parent: Peer
    private let range: (address: UInt, length: Int)
    private static let processor = 0

    /// - Parameters:
    ///   - parent: whose memory the callers share.
    ///   - mappings: in their range, which make the call long.
    init(_ scene: Scene, _ crowd: Crowd, parent: Peer, mappings: Int) throws {
        (self.scene, self.crowd, self.parent) = (scene, crowd, parent)
        range = try crowd.mapRange(in: parent, mappings: mappings)
        try parent.run(onProcessor: Self.processor)
    }

    /// The time that a call takes which is left alone.
    func durationOfCall() throws -> Duration {
        crowd.enterWindow()
        let calling = try parent.startTask(.vmProcess)
        let duration = try ContinuousClock().measure {
            try scene.cleanup(by: calling, address: range.address, length: range.length)
        }
        try scene.expect(
            try crowd.expectNothingElseChanged("after a call"), 0, "operations left after a call")
        return duration
    }

    /// A caller, killed as soon as `isTime`, given for how long the call runs. The next call does the rest.
    func kill(when isTime: (Duration) -> Bool) throws {
        let calling = try parent.startTask(.vmProcess)
        crowd.enterWindow()
        try ProcessorBinding.runBeforeOthers(onProcessor: Self.processor) {
            let began = ContinuousClock.now
            let deadline = Deadline()
            var elapsed = Duration.zero
            calling.beginCleanup(address: range.address, length: range.length)
            while !isTime(elapsed), !calling.isIdle {
                guard !deadline.hasPassed else {
                    throw CheckError.timedOut("a call to come to where its caller is killed")
                }
                // The call's turn: longer ones in a long call, which would not come to its end on a machine that is slow
                // for a while.
                usleep(max(20, UInt32(elapsed / .milliseconds(1))))
                elapsed = .now - began
            }
            try calling.send(SIGKILL)
        }
        try scene.expectSoon("the end of a caller that was killed in the midst of a call") {
            !ProcessState.isAlive(calling.processID)
        }
        let left = try crowd.expectNothingElseChanged("after a caller was killed")
        if left > 0, left < crowd.count { interrupted += 1 }
        try crowd.cleanup(scene, "after the call that followed one whose caller was killed")
    }
}
