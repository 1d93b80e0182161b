// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import RobustFutex
import TestProcesses

// Tasks that exist by half: the memory of a child is found before the child itself can be, and a new task can be the one
// that stands for the memory which it shares with others.
extension Check {
    static let births: [Check] = [
        Check(
            "leavesMemoryOfChildBeforeForkIsOver", .threads, needs: [.root, .userfaultfd, .faultedHeads],
            claim:
                "the call leaves a child's copy of a head alone while fork(2) is not over: nobody has registered that one"
        ) { scene in
            let file = try scene.file()
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let page = try peer.map(anonymous: .private, length: pageSize)
            let held = try peer.map(anonymous: .private, length: pageSize)
            let faults = try UserFault(of: peer)
            try faults.holdMissing(held)
            let forking = try peer.startTask()
            let head = try PlacedHead(of: forking, at: page + 0x40)
            try head.enterWindow(at: word)
            let value = try head.pending()
            forking.beginSpawning(CTP_SPAWN_CHILD, storingAt: held)
            try faults.awaitEvent("the fork of peer \(peer.pid) to store the pidfd")
            let (_, calling, own) = try caller(scene, sharing: file)
            try scene.cleanupInTime(by: calling, address: own, despite: "a fork that is not over")
            try scene.expectCleared(head, "the thread that forks")
            try faults.fill(held)
            let child = try required("fork(2)", try forking.endOfCall())
            try scene.expectCopy(of: head, in: Int32(child), toHave: value)
        },

        Check(
            "clearsBehindOwnerThatHasNotRunYet", .threads, needs: [.root, .userfaultfd],
            claim:
                "a thread is found when the owner of its memory, by mm_struct::owner, is a process that cannot run yet"
        ) { scene in
            let file = try scene.file()
            let (peer, thread, _) = try scene.peer(inWindowOf: file, at: wordOffset)
            let held = try peer.map(anonymous: .private, length: pageSize)
            let faults = try UserFault(of: peer)
            try faults.holdMissing(held)
            let sharer = try peer.startTask(.vmProcess)
            // It would die with the leader, which leaves it the memory, as the first of its children.
            let result = try sharer.syscall(crf_nr_prctl, crf_pr_set_pdeathsig, 0)
            try scene.expect(result, 0, "prctl(PR_SET_PDEATHSIG)")
            try peer.exitLeader()
            // By now the sharer is a child of the thread, and what the thread makes is next to it.
            thread.beginSpawning(CTP_SPAWN_VM_CHILD, storingAt: held)
            try faults.awaitEvent("the clone of thread \(thread.tid) to store the id")
            try sharer.exit()
            try clearsInTime(scene, file: file, thread, "the thread whose memory has a new owner")
            try faults.fill(held)
            try scene.expect(try thread.endOfCall(), 0, "clone(2)")
        },
    ]
}
