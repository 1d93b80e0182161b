// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// Offset of the lock in its page; not 0, so that nothing works by accident of alignment.
let wordOffset = 0x180

/// The means of a check: peers, which end with it, and ways to say what was expected.
final class Scene {
    private var peers: [Peer] = []

    func peer() throws -> Peer {
        let peer = try Peer()
        peers.append(peer)
        return peer
    }

    func fork(_ parent: Peer) throws -> Peer {
        let child = try parent.fork()
        peers.append(child)
        return child
    }

    /// A peer of one task, which sits in the race window of a lock `wordOffset` bytes into `file`.
    func peer(
        inWindowOf file: borrowing MemoryFile, at wordOffset: Int, isPI: Bool = false,
        kind: PeerTask.Kind = .thread
    ) throws -> (peer: Peer, task: PeerTask, word: UInt) {
        let peer = try peer()
        let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
        let task = try peer.startTask(kind)
        try task.enterWindow(at: word, isPI: isPI)
        return (peer, task, word)
    }

    /// The memory of one page that a lock lies in, and how this process sees it.
    func file(pages: Int = 1) throws -> MemoryFile {
        try MemoryFile(name: "robust-lock", length: pages * pageSize)
    }

    /// A new file in the directory for temporary files, gone on return.
    func withTemporaryFile<Result>(_ body: (borrowing MemoryFile) throws -> Result) throws -> Result {
        let path = temporaryDirectory.appending("robust-lock-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        let file: MemoryFile
        do {
            file = try MemoryFile(creating: path, length: pageSize)
        } catch {
            throw CheckError.broken("\(path) cannot be created: \(error.name)")
        }
        defer { unlink(path.string) }
        return try body(file)
    }

    /// Ends all peers; the first error is thrown after every one was tried.
    func close() throws {
        var first: (any Error)?
        for peer in peers {
            do { try peer.close() } catch { first = first ?? error }
        }
        if let first { throw first }
    }

    // MARK: The call under test

    /// cleanup_robust_list(2) of this process, which has to succeed.
    func cleanup(_ cell: FutexCell, flags: CleanupFlags = []) throws {
        try cleanup(address: cell.address, length: 4, flags: flags)
    }

    func cleanup(address: UInt, length: Int, flags: CleanupFlags = []) throws {
        do {
            try enterCleanupRobustList(address: address, length: length, flags: flags)
        } catch {
            throw CheckError.failed("cleanup_robust_list(2): expected 0, observed \(error.name)")
        }
    }

    /// cleanup_robust_list(2) of a peer's task, which has to succeed.
    func cleanup(by task: PeerTask, address: UInt, length: Int = 4, flags: CleanupFlags = []) throws {
        let result = try task.cleanup(address: address, length: length, flags: flags)
        try expect(result, 0, "cleanup_robust_list(2)")
    }

    /// Limit for a call that has nobody to wait for; long enough for a loaded machine under emulation.
    static let promptly = Duration.seconds(10) * Deadline.slowness

    /// cleanup_robust_list(2) of a peer's task, which must not be delayed.
    func cleanupInTime(
        by task: PeerTask, address: UInt, length: Int = 4, flags: CleanupFlags = [], despite what: String
    ) throws {
        task.beginCleanup(address: address, length: length, flags: flags)
        try expectEndOfCallInTime(by: task, despite: what)
    }

    /// The end of a call that was begun, with 0.
    func expectEndOfCallInTime(by task: PeerTask, despite what: String) throws {
        do {
            try expect(try task.endOfCall(within: Self.promptly), 0, "cleanup_robust_list(2) despite \(what)")
        } catch CheckError.timedOut {
            throw CheckError.failed(
                "cleanup_robust_list(2) did not return in \(Self.promptly) because of \(what)")
        }
    }

    /// Says something that is worth knowing when all is well, too, as a comment of KTAP.
    func note(_ text: String) {
        print("# \(text)")
        fflush(nil)
    }

    // MARK: What is expected

    func expect(_ observed: Int, _ expected: Int, _ what: String) throws {
        guard observed != expected else { return }
        throw CheckError.failed(
            "\(what): expected \(resultName(expected)), observed \(resultName(observed))")
    }

    func expect(_ observed: FutexWord, _ expected: FutexWord, _ what: String) throws {
        guard observed != expected else { return }
        throw CheckError.failed("\(what): expected \(expected), observed \(observed)")
    }

    /// cleanup_robust_list(2) has to refuse the range, with this error.
    func expectRefusal(
        _ expected: Errno, address: UInt, length: Int, flags: CleanupFlags = [], _ what: String
    ) throws {
        do {
            try enterCleanupRobustList(address: address, length: length, flags: flags)
        } catch {
            guard error != expected else { return }
            throw CheckError.failed("\(what): expected \(expected.name), observed \(error.name)")
        }
        throw CheckError.failed("\(what): expected \(expected.name), observed success")
    }

    /// The pending operation is gone, in the kernel's eyes and in the task's own.
    func expectCleared(_ task: PeerTask, _ what: String) throws {
        if let pending = try task.pendingOperation() {
            throw CheckError.failed(
                "list_op_pending of \(what): expected NULL after the call, observed \(pending)")
        }
    }

    /// The pending operation is still the one on the lock at `word`.
    func expectUntouched(_ task: PeerTask, at word: UInt, isPI: Bool = false, _ what: String) throws {
        let expected = PendingOperation(
            futexWord: word, futexOffset: PeerTask.defaultFutexOffset, isPI: isPI)
        let observed = try task.pendingOperation()
        guard observed != expected else { return }
        throw CheckError.failed(
            "list_op_pending of \(what): expected \(expected) as before the call, observed \(observed.orNone)"
        )
    }

    func expectCleared(_ head: PlacedHead, _ what: String) throws {
        try expect(head, 0, what)
    }

    func expect(_ head: PlacedHead, _ expected: UInt, _ what: String) throws {
        let observed = try head.pending()
        guard observed != expected else { return }
        throw CheckError.failed(
            "list_op_pending of \(what): expected 0x\(String(expected, radix: 16)), observed"
                + " 0x\(String(observed, radix: 16))")
    }
}
