// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

// Callers whose control group has no room for what a call allocates for them. They are told ENOMEM or end by the
// out-of-memory killer, or somebody else of their group does; each operation is gone or as it was, and a call from outside
// of the group does the rest.
extension Check {
    static let outOfMemory: [Check] = [
        Check(
            "givesENOMEMWithoutMemoryForItsArrays", .interruptions,
            needs: [.root, .cgroupMemory, .severalMappings],
            claim:
                "without memory for its list of mappings a call changes nothing, without that for processes maybe a part"
        ) { scene in
            let crowd = try Crowd(processes: 40) { try scene.peer() }
            let group = try ControlGroup(.memory)
            // A list of less than a page: where a larger one fails, the kernel reports that in its log, with a stack.
            let caller = try PoorCaller(scene, sharing: crowd, mappings: 80)
            try caller.join(group)
            try group.exhaustMemory(of: caller.pid)
            crowd.enterWindow()
            try scene.expect(try caller.call(), Int(-ENOMEM), "the call on 80 mappings")
            let what = "after a call that had no memory for its list of mappings"
            try scene.expect(try crowd.expectNothingElseChanged(what), crowd.count, "operations left \(what)")
            try expectDoneIfSuccessful(try caller.callOnLock(), crowd, "the call on the lock, without memory")
            try group.unlimitMemory()
            try scene.expect(try caller.call(), 0, "the call with memory")
            try scene.expect(
                try crowd.expectNothingElseChanged("after a call with memory"), 0, "operations left")
            try caller.end()
        },

        Check(
            "endsByOOMKillerAndLeavesTheRestToLaterCall", .interruptions,
            needs: [.root, .cgroupMemory, .severalMappings],
            claim:
                "callers that the OOM killer ends in a call keep no memory, harm no sharer, and a later call does it all"
        ) { scene in
            let crowd = try Crowd(processes: 24) { try scene.peer() }
            let group = try ControlGroup(.memory)
            // The list of the mappings takes more than each of them.
            let limits = [64, 300, 600].map { $0 << 10 }
            for (number, limit) in limits.enumerated() {
                let caller = try PoorCaller(scene, sharing: crowd, mappings: 20_000)
                crowd.enterWindow()
                try caller.join(group)
                try group.limitMemory(toBytes: limit)
                try caller.expectEndDuringCall("that has \(limit) bytes")
                try expectKills(number + 1, in: group)
                _ = try crowd.expectNothingElseChanged("after the OOM killer ended a caller")
                try expectAlive(crowd.peers)
                try crowd.cleanup(scene, "after the call that followed one whose caller the OOM killer ended")
            }
            try expectNoMore(than: 0, in: group, "the OOM killer ended \(limits.count) callers")
        },

        Check(
            "clearsWhenOOMKillerEndsSharerToMakeRoom", .interruptions,
            needs: [.root, .cgroupMemory, .severalMappings],
            claim: "a call for whose memory the OOM killer ends one of the sharers clears all others"
        ) { scene in
            let crowd = try Crowd(processes: 24) { try scene.peer() }
            let group = try ControlGroup(.memory)
            let caller = try PoorCaller(scene, sharing: crowd, mappings: 80)
            let victim = try scene.peer()
            let word = try victim.map(crowd.file, offset: Crowd.lockPage, length: pageSize) + UInt(wordOffset)
            let unlocker = try victim.startTask()
            try unlocker.enterWindow(at: word)
            crowd.enterWindow()
            try caller.join(group)
            try group.add(victim.pid)
            try occupyAll(of: group, by: unlocker, beside: caller)
            let call = "the call that took memory from a sharer"
            let result = try caller.call()
            try scene.expectSoon("the end of the sharer that the OOM killer chose") {
                victim.process.hasExited
            }
            try expectKills(1, in: group)
            try expectAlive(crowd.peers)
            // The memory may come too late.
            try expectDoneIfSuccessful(result, crowd, call)
            try scene.expect(try caller.call(), 0, "the call after \(call)")
            try scene.expect(try crowd.expectNothingElseChanged("after \(call)"), 0, "operations left")
            try caller.end()
        },
    ]

    /// The task takes all the memory that there is, and from now on the OOM killer would end its process for more.
    private static func occupyAll(
        of group: borrowing ControlGroup, by task: PeerTask, beside caller: PoorCaller
    ) throws {
        for pid in [caller.pid, task.processID] { try ControlGroup.protectFromOOMKiller(pid) }
        try group.limitMemory(toBytes: 8 << 20)
        // More than that, so that no processor has any left that was charged in advance.
        task.beginToOccupyMemory(16 << 20)
        _ = try required("mmap(2)", try task.endOfCall())
        try ControlGroup.exposeToOOMKiller(task.processID)
    }

    /// Without memory a call can succeed or not.
    private static func expectDoneIfSuccessful(_ result: Int, _ crowd: Crowd, _ call: String) throws {
        guard result == 0 || result == Int(-ENOMEM) else {
            throw CheckError.failed("\(call): expected 0 or ENOMEM, observed \(resultName(result))")
        }
        let left = try crowd.expectNothingElseChanged("after \(call)")
        guard result != 0 || left == 0 else {
            throw CheckError.failed("\(call): expected all of \(crowd.count) cleared, observed \(left) left")
        }
    }

    private static func expectKills(_ count: Int, in group: borrowing ControlGroup) throws {
        let kills = try group.kills()
        guard kills != count else { return }
        throw CheckError.broken("the OOM killer should have ended \(count) of the group, not \(kills)")
    }

    private static func expectAlive(_ peers: [Peer]) throws {
        guard let dead = peers.first(where: { $0.process.hasExited }) else { return }
        throw CheckError.failed("sharer \(dead.pid), outside of the control group of the caller, has ended")
    }
}

/// A caller with many mappings in its range, for each of which a call needs memory.
private final class PoorCaller {
    private let scene: Scene
    private let peer: Peer
    private let calling: PeerTask
    private let range: (address: UInt, length: Int)
    private var lock: UInt { range.address + UInt(range.length - pageSize) }

    init(_ scene: Scene, sharing crowd: Crowd, mappings: Int) throws {
        self.scene = scene
        peer = try scene.peer()
        range = try crowd.mapRange(in: peer, mappings: mappings)
        calling = try peer.startTask()
        // Touches all the memory that a call needs before memory runs out.
        _ = try peer.word(at: lock)
        try scene.expect(try calling.cleanup(address: 0, length: 4), Int(-ENOMEM), "the call at NULL")
    }

    var pid: Int32 { peer.pid }

    /// The memory that the process has already is charged elsewhere, and stays so.
    func join(_ group: borrowing ControlGroup) throws { try group.add(pid) }

    /// The call on the whole range.
    func call() throws -> Int { try calling.cleanup(address: range.address, length: range.length) }

    /// The call on the mapping of the lock alone.
    func callOnLock() throws -> Int { try calling.cleanup(address: lock, length: pageSize) }

    /// The call on the whole range, in which the process ends; it may have been told why.
    func expectEndDuringCall(_ what: String) throws {
        calling.beginCleanup(address: range.address, length: range.length)
        try scene.expectSoon("the end of a caller \(what), or of its call") {
            calling.isIdle || peer.process.hasExited
        }
        if calling.isIdle, !peer.process.hasExited {
            try scene.expect(try calling.endOfCall(), Int(-ENOMEM), "the call of a caller \(what)")
        }
        try scene.expectSoon("the end of a caller \(what)") { peer.process.hasExited }
    }

    /// Before the group, which has to be empty.
    func end() throws { try peer.killAndWait() }
}
