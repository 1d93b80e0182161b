// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// The race of the unlock: a thread dies in the race window after the lock's memory was put to another use, in which the
// word happens to equal the thread's id. With the call the word stays as it is; AnyKernel has the same without it.
extension Check {
    static let race: [Check] = [
        Check(
            "keepsReusedWordIntactAfterTheCall", .race,
            claim: "killed in the window after the call, the process leaves the reused memory alone"
        ) { scene in
            let (word, tid) = try reuseAndKill(scene) { try scene.cleanup($0) }
            try scene.expect(word, FutexWord(owner: tid), "the reused word")
        },

        Check(
            "keepsReusedWordInOwnProcessIntactAfterTheCall", .race,
            claim: "a thread that exits in the window after the call leaves its process's reused memory alone"
        ) { scene in
            let (word, tid) = try reuseAndExit(scene) { caller, address in
                try scene.cleanup(by: caller, address: address)
            }
            try scene.expect(word, FutexWord(owner: tid), "the reused word")
        },

        Check(
            "keepsReusedFileIntactAfterTheCall", .race,
            claim: "after the call the file in a file system keeps what was written to it"
        ) { scene in
            let (word, tid) = try reuseFileAndKill(scene) { try scene.cleanup($0) }
            try scene.expect(word, FutexWord(owner: tid), "the word of the file")
        },

        Check(
            "drainsExitsInFlight", .race,
            claim:
                "called while the process is being killed, the call returns only when exit cleanup cannot write"
        ) { scene in
            // Exit reads the pointer, walks the list, and only then follows the pointer. With a long list and
            // many threads some thread is in between whenever the call comes.
            let rounds = 20
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            for round in 1...rounds {
                let peer = try scene.peer()
                let base = try peer.map(file, length: pageSize)
                let doomed = try (0..<12).map { index in
                    let task = try peer.startTask()
                    try task.enterWindow(at: base + UInt(index * 64))
                    try task.lengthenExit()
                    return (task, own.cell(at: index * 64))
                }
                try peer.kill()
                try Deadline.poll(for: "a thread of peer \(peer.pid) to exit") {
                    ProcessState.isExiting(doomed[0].0.tid, in: peer.pid)
                }
                try scene.cleanup(address: own.address, length: pageSize)
                for (task, cell) in doomed { cell.store(FutexWord(owner: task.tid)) }
                try peer.killAndWait()
                for (index, (task, cell)) in doomed.enumerated() {
                    try scene.expect(
                        cell.load(), FutexWord(owner: task.tid),
                        "the reused word \(index + 1) of \(doomed.count) in round \(round) of \(rounds)")
                    cell.store(.unlocked)
                }
            }
        },
    ]

    /// A sibling enters the window; the word is reused here, with its thread's id as the new value; it is killed.
    static func reuseAndKill(
        _ scene: Scene, file: borrowing MemoryFile, beforeReuse: (FutexCell) throws -> Void
    ) throws -> (FutexWord, Int32) {
        let own = try MemoryMapping(of: file, length: pageSize)
        let cell = own.cell(at: wordOffset)
        let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
        try beforeReuse(cell)
        cell.store(FutexWord(owner: sibling.task.tid))
        try sibling.peer.killAndWait()
        return (cell.load(), sibling.task.tid)
    }

    static func reuseAndKill(
        _ scene: Scene, beforeReuse: (FutexCell) throws -> Void
    ) throws -> (FutexWord, Int32) {
        try reuseAndKill(scene, file: try scene.file(), beforeReuse: beforeReuse)
    }

    /// The same with a file of a name; the word is what read(2) finds in it afterwards.
    static func reuseFileAndKill(
        _ scene: Scene, beforeReuse: (FutexCell) throws -> Void
    ) throws -> (FutexWord, Int32) {
        try scene.withTemporaryFile { file in
            let (_, tid) = try reuseAndKill(scene, file: file, beforeReuse: beforeReuse)
            return (FutexWord(rawValue: try file.word(at: wordOffset)), tid)
        }
    }

    /// Private memory of one process: a thread enters the window, another reuses the word, the first exits.
    static func reuseAndExit(
        _ scene: Scene, beforeReuse: (PeerTask, UInt) throws -> Void
    ) throws -> (FutexWord, Int32) {
        let peer = try scene.peer()
        let word = try peer.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
        let unlocker = try peer.startTask()
        let destroyer = try peer.startTask()
        try unlocker.enterWindow(at: word)
        try beforeReuse(destroyer, word)
        try peer.store(FutexWord(owner: unlocker.tid), at: word)
        try unlocker.exit()
        return (try peer.word(at: word), unlocker.tid)
    }
}
