// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

// Sharers that die while a call waits for them.
extension Check {
    static let dyingSharers: [Check] = [
        Check(
            "clearsOthersWhenSharerDiesAtItsMmapLock", .interruptions,
            needs: [.root, .userfaultfd, .fuse],
            claim:
                "a sharer whose memory nobody uses any more when the call gets its mmap_lock hides no other sharer"
        ) { scene in
            let file = try scene.file()
            // Outside of the thread groups of their memory, too: so one search finds the threads of all.
            let sharers = try (0..<3).map { _ in try SharerByTwo(scene, sharing: file) }
            let second = sharers[1].peer
            let last = ProcessorBinding.processorCount - 1
            guard last > 0 else { throw CheckError.broken("only one processor: nothing can happen at once") }
            let own = try scene.peer()
            try own.run(onProcessor: last)
            let word = try own.map(file, length: pageSize) + UInt(wordOffset)
            let calling = try own.startTask()
            let busy = try BusyProcessor(scene, last)

            let call = try HeldCall(by: calling, on: word)
            let directory = try ScratchDirectory()
            let lock = try HeldMmapLock(of: second, by: .thread, in: directory)
            defer { lock.letGo() }
            try call.letGo(scene, untilItWaits: "for the mmap_lock of the second sharer")
            try ProcessorBinding.run(onProcessor: 0) {
                // The call gets the lock when the sharer dies, and runs only when nobody has its memory.
                try busy.begin()
                defer { busy.end() }
                try second.kill()
                lock.letGo()
                try Deadline.poll(for: "all tasks of peer \(second.pid) to leave their memory") {
                    sharers[1].tasks.allSatisfy { !ProcessState.hasMemory($0.tid, in: $0.processID) }
                }
            }
            try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) during which a sharer died")
            try scene.expectCleared(sharers[0].head, "the sharer before the one that died")
            try scene.expectCleared(sharers[2].head, "the sharer behind the one that died")
        }
    ]
}

/// A thread in the race window, and a process that shares its memory.
private struct SharerByTwo {
    let peer: Peer
    let head: PlacedHead
    let tasks: [PeerTask]

    /// Nobody has touched the lock.
    init(_ scene: Scene, sharing file: borrowing MemoryFile) throws {
        peer = try scene.peer()
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let page = try peer.map(anonymous: .private, length: pageSize)
        tasks = [try peer.startTask(), try peer.startTask(.vmProcess)]
        head = try PlacedHead(of: tasks[0], at: page + 0x40)
        try head.enterWindow(at: word)
    }
}

/// A processor on which no ordinary task runs, from ``begin()`` to ``end()`` or for a few seconds, as long as the scheduler
/// grants it: to such tasks the kernel reserves a part of each second.
private final class BusyProcessor {
    private let task: PeerTask
    private let page: UInt
    private let stop: UInt

    init(_ scene: Scene, _ number: Int) throws {
        let peer = try scene.peer()
        try peer.run(onProcessor: number)
        page = try peer.map(anonymous: .private, length: 2 * pageSize)
        stop = page + UInt(pageSize)
        task = try peer.startTask()
        // The kernel kills it after that many microseconds: nothing that needs the processor may wait for ever.
        let arguments = stop + 64
        try task.store(rlimit(rlim_cur: 5_000_000, rlim_max: 5_000_000), at: arguments)
        try peer.need("setrlimit", Int(SYS_setrlimit), UInt(__RLIMIT_RTTIME.rawValue), arguments)
        // Taking turns with those of the kernel's threads that have the lowest priority of this kind, too.
        try task.store(sched_param(sched_priority: 1), at: arguments)
        let result = try task.syscall(crf_nr_sched_setscheduler, 0, UInt(SCHED_RR), arguments)
        _ = try required("sched_setscheduler of task \(task.tid)", result)
    }

    func begin() throws {
        task.beginCalls(address: page, until: stop)
        try Deadline.poll(for: "task \(task.tid) to run on its processor") { task.callCount > 0 }
    }

    func end() {
        try? task.store(UInt32(1), at: stop)
    }
}
