// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Memory that was a robust list head when the call read it, and is something else when the call is about to clear: its
// thread has gone, or registered another head. What the process stores there must survive, whatever it is.
extension Check {
    static let staleHeads: [Check] = [
        Check(
            "leavesMemoryOfThreadThatExitedMeanwhile", .staleHeads, needs: [.root, .userfaultfd],
            claim:
                "memory that was the head of a thread of the caller's process, which exited, keeps its content"
        ) { scene in
            for flags in [CleanupFlags(), .privateOnly] {
                try leavesReusedMemory(
                    scene, .own(), flags: flags, "a thread that exited", start: { try $0.startTask() },
                    giveUp: { try $0.task.exit() })
            }
        },

        Check(
            "leavesMemoryOfSiblingsThreadThatExitedMeanwhile", .staleHeads, needs: [.root, .userfaultfd],
            claim:
                "private memory of another process that was the head of its thread, which exited, keeps its content"
        ) { scene in
            try leavesReusedMemory(
                scene, .shared(), "a sibling's thread that exited", start: { try $0.startTask() },
                giveUp: { try $0.task.exit() })
        },

        Check(
            "leavesMemoryOf32BitHeadWhoseThreadExitedMeanwhile", .staleHeads,
            needs: [.root, .userfaultfd, .compat],
            claim: "memory that was a head of 32 bits of a thread that exited keeps its content"
        ) { scene in
            for place in [StaleHeadPlace.own(.compat), .shared(.compat)] {
                try leavesReusedMemory(
                    scene, place, "a thread with a head of 32 bits that exited",
                    start: { try $0.startTask() },
                    giveUp: { try $0.task.exit() })
            }
        },

        Check(
            "leavesMemoryOfProcessSharingItThatExitedMeanwhile", .staleHeads, needs: [.root, .userfaultfd],
            claim: "memory that was the head of a clone(CLONE_VM) process, which exited, keeps its content"
        ) { scene in
            for place in [StaleHeadPlace.own(), .shared()] {
                try leavesReusedMemory(
                    scene, place, "a process that shared the memory and exited",
                    start: { try $0.startTask(.vmProcess) }, giveUp: { try $0.task.exit() })
            }
        },

        Check(
            "leavesMemoryThatProcessLeftByExecMeanwhile", .staleHeads, needs: [.root, .userfaultfd],
            claim:
                "memory that was the head of a clone(CLONE_VM) process, which left it by exec, keeps its content"
        ) { scene in
            for place in [StaleHeadPlace.own(), .shared()] {
                var program: UInt = 0
                try leavesReusedMemory(scene, place, "a process that left the memory by exec") { peer in
                    // Before the task is made: it gets a copy of the descriptors.
                    program = try peer.send(try Program.native.file())
                    return try peer.startTask(.vmProcess)
                } giveUp: { head in
                    let scratch = try head.task.peer.map(anonymous: .private, length: pageSize)
                    try head.task.beginExecution(descriptor: program, scratch: scratch)
                    try Deadline.poll(for: "exec of task \(head.task.tid)") { try head.task.hasExecuted() }
                }
            }
        },

        Check(
            "leavesMemoryWhoseAddressIsRegisteredAgainAfterExec", .staleHeads,
            needs: [.root, .userfaultfd, .compat],
            claim:
                "the same, when the program executed registers a head at the same address of its own address space"
        ) { scene in
            try leavesReusedMemoryAfterExec(scene)
        },

        Check(
            "leavesMemoryOfHeadThatIsNoLongerRegistered", .staleHeads, needs: [.root, .userfaultfd, .compat],
            claim:
                "memory that was the head of a thread, which lives and has registered another, keeps its content"
        ) { scene in
            for place in [StaleHeadPlace.own(), .shared(), .own(.compat), .shared(.compat)] {
                try leavesReusedMemory(
                    scene, place, "a thread with another head", start: { try $0.startTask() }
                ) {
                    _ = try PlacedHead(of: $0.task, at: $0.address + 0x100, $0.layout)
                }
            }
        },

        Check(
            "leavesMemoryOfHeadReplacedAtTheLastMoment", .staleHeads,
            needs: [.root, .userfaultfd, .fuse, .compat],
            claim:
                "the same when the other head comes after the call has looked which one is registered, and before it clears"
        ) { scene in
            for place in [StaleHeadPlace.shared(), .shared(.compat)] {
                try leavesMemoryOfHeadReplacedAtTheLastMoment(scene, place)
            }
        },
    ]

    /// The call looks which head is registered before it waits for the mmap_lock, and reads that head's memory afterwards. The
    /// operation is still pending there: only that another head is registered tells it to stay away.
    private static func leavesMemoryOfHeadReplacedAtTheLastMoment(
        _ scene: Scene, _ place: StaleHeadPlace
    ) throws {
        let (peer, calling, word, own) = try place.arrange(scene)
        let page = try PlacedHead.memory(for: place.layout, in: peer)
        let head = try PlacedHead(of: try peer.startTask(), at: page + 0x40, place.layout)
        try head.enterWindow(at: word)
        let value = try head.pending()
        let call = try HeldCall(by: calling, on: own)
        let directory = try ScratchDirectory()
        let lock = try HeldMmapLock(of: peer, in: directory)
        defer { lock.letGo() }
        try call.letGo(scene, untilItWaits: "for the mmap_lock of the sharer")
        _ = try PlacedHead(of: head.task, at: head.address + 0x100, place.layout)
        lock.letGo()
        try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) after the mmap_lock was free")
        try scene.expect(head, value, "the memory of the head that was replaced")
    }

    /// The process that leaves has the address of its old head registered by the time the call goes on: only that it
    /// uses another address space tells the two heads apart.
    private static func leavesReusedMemoryAfterExec(_ scene: Scene) throws {
        var leaving: LeavingTask?
        var executed: PeerTask?
        try leavesReusedMemory(scene, .shared(.compat), "a process that left the memory by exec") { peer in
            let made = try LeavingTask(of: peer)
            leaving = made
            return made.task
        } giveUp: { head in
            let successor = try leaving!.execute()
            _ = try PlacedHead(of: successor, at: head.address, .compat)
            executed = successor
        }
        withExtendedLifetime((leaving, executed)) {}
    }
}
