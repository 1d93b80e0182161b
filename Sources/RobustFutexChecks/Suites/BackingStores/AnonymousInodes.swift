// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Files of the anonymous inode: unrelated ones have one inode, and with that one reverse mapping, but each has memory of
// its own. Only mappings of the same open file are mappings of the same memory.
extension Check {
    static let anonymousInodes: [Check] = [
        Check(
            "leavesOperationInAnotherPerfEvent", .backingStores, needs: [.root, .perfEvents],
            claim:
                "a call by user nobody on the ring buffer of his own perf event leaves root's operation in another one"
        ) { scene in
            try leavesOperationInAnotherFile(scene, CTP_PERF_EVENT)
        },

        Check(
            "leavesOperationInAnotherBPFMap", .backingStores, needs: [.root, .bpf],
            claim: "a call by user nobody on a BPF map of his leaves root's operation in another map alone"
        ) { scene in
            try leavesOperationInAnotherFile(scene, CTP_BPF_ARRAY)
        },

        Check(
            "clearsThroughInheritedPerfEvent", .backingStores, needs: [.root, .perfEvents],
            claim:
                "processes that map one and the same perf event, by descriptors of one open file, are cleared"
        ) { scene in
            try clearsThroughInheritedFile(scene, CTP_PERF_EVENT)
        },

        Check(
            "clearsThroughInheritedBPFMap", .backingStores, needs: [.root, .bpf],
            claim: "processes that map one and the same BPF map, by descriptors of one open file, are cleared"
        ) { scene in
            try clearsThroughInheritedFile(scene, CTP_BPF_ARRAY)
        },
    ]

    /// The offset of the lock. Only the first page of an event is writable, and the structure in it ends before this.
    private static let place: UInt = 0xf00

    private static func leavesOperationInAnotherFile(_ scene: Scene, _ kind: ctp_own_memory) throws {
        let victim = try scene.peer()
        let theirs = try victim.mapOwnMemory(try victim.open(kind)) + place
        let bystander = try victim.startTask()
        try bystander.enterWindow(at: theirs)

        let caller = try scene.peer()
        // Maps are for the privileged to make, on most machines; events are for everybody.
        if kind == CTP_PERF_EVENT { try caller.becomeNobody() }
        let descriptor = try caller.open(kind)
        if kind != CTP_PERF_EVENT { try caller.becomeNobody() }
        let own = try caller.mapOwnMemory(descriptor) + place
        let control = try caller.startTask()
        try control.enterWindow(at: own)

        try scene.cleanup(by: try caller.startTask(), address: own)
        try scene.expectCleared(control, "the caller's own thread")
        try scene.expectUntouched(bystander, at: theirs, "root's thread with a file of its own")
        try scene.cleanup(by: try caller.startTask(), address: own - place, length: Int(CTP_OWN_MEMORY_BYTES))
        try scene.expectUntouched(bystander, at: theirs, "root's thread after a call on the whole mapping")
    }

    /// The process that opened the file, at a second address, and a child that inherited its descriptor.
    private static func clearsThroughInheritedFile(_ scene: Scene, _ kind: ctp_own_memory) throws {
        let parent = try scene.peer()
        let descriptor = try parent.open(kind)
        let own = try parent.mapOwnMemory(descriptor) + place
        let child = try scene.fork(parent)
        let mappings = [
            (parent, own), (parent, try parent.mapOwnMemory(descriptor) + place),
            (child, try child.mapOwnMemory(descriptor) + place),
        ]
        // The same memory, or the check would hold the kernel against nothing.
        try parent.store(FutexWord(rawValue: 0xcafe), at: own)
        for (peer, word) in mappings where try peer.word(at: word) != FutexWord(rawValue: 0xcafe) {
            throw CheckError.broken("peer \(peer.pid) does not share the memory")
        }
        try parent.store(.unlocked, at: own)
        let tasks = try mappings.map { peer, word in
            let task = try peer.startTask()
            try task.enterWindow(at: word)
            return task
        }
        try scene.cleanup(by: try parent.startTask(), address: own)
        for (task, what) in zip(tasks, ["caller's mapping", "second mapping", "child's mapping"]) {
            try scene.expectCleared(task, "the thread that uses the \(what)")
        }
    }
}
