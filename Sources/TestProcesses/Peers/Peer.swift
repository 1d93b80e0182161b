// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// Another process, which does as it is told: maps memory, and has tasks that sit in pending operations.
///
/// Not to be used from several threads at once. Ends with ``close()``, with the runner, or with the
/// process that forked it, whichever comes first.
package final class Peer {
    package let pid: Int32
    package let process: ProcessHandle
    let board: Board
    let connection: Connection
    package private(set) var tasks: [PeerTask] = []

    /// Starts a process that shares nothing with this one.
    package convenience init() throws {
        // First of all: a root that is forked later would have the peer's end of the socket, too.
        try PeerRoot.start()
        try self.init { socket, board in try PeerRoot.fork(socket: socket, board: board) }
    }

    private init(forkedBy fork: (Int32, Int32) throws -> Int32) throws {
        board = try Board()
        let (near, far) = try MessageSocket.pair()
        defer { Glibc.close(far) }
        do {
            pid = try fork(far, board.file.descriptor.rawValue)
        } catch {
            Glibc.close(near)
            throw error
        }
        connection = Connection(socket: near, name: "peer \(pid)")
        process = try ProcessHandle(pid: pid)
    }

    /// Forks this peer: the child has its memory, as fork(2) copies or shares it, and none of its tasks.
    package func fork() throws -> Peer {
        try Peer { socket, board in
            let pid = try connection.request(CTP_REQUEST_FORK, descriptors: [socket, board])
            return Int32(try required("fork of peer \(self.pid)", pid))
        }
    }

    /// Maps `file` there; returns the address in the peer.
    package func map(
        _ file: borrowing MemoryFile, offset: Int = 0, length: Int,
        protection: MemoryMapping.Protection = [.read, .write], sharing: MemoryMapping.Sharing = .shared
    ) throws -> UInt {
        try map(length, protection, sharing.flag, offset, [file.descriptor.rawValue])
    }

    /// Maps `file`, shared, over what is mapped at `address` in the peer.
    package func map(
        _ file: borrowing MemoryFile, at address: UInt, offset: Int = 0, length: Int,
        protection: MemoryMapping.Protection = [.read, .write]
    ) throws {
        _ = try map(
            length, protection, MAP_SHARED | MAP_FIXED, offset, [file.descriptor.rawValue], at: address)
    }

    /// Maps memory without a file there; forked children share it, or get a copy.
    package func map(anonymous sharing: MemoryMapping.Sharing, length: Int) throws -> UInt {
        try map(length, [.read, .write], sharing.flag | MAP_ANONYMOUS, 0, [])
    }

    /// Maps a copy of `file` there, which nobody else sees, over what is mapped at `address`.
    package func mapPrivate(
        _ file: borrowing MemoryFile, at address: UInt, offset: Int, length: Int
    ) throws {
        _ = try map(
            length, [.read, .write], MAP_PRIVATE | MAP_FIXED, offset, [file.descriptor.rawValue], at: address)
    }

    /// Maps every other page of a file, one behind the other: a mapping each. Where they begin.
    package func mapEveryOtherPage(of file: borrowing MemoryFile, count: Int) throws -> UInt {
        let base = try map(anonymous: .private, length: count * pageSize)
        for number in 0..<count {
            try map(file, at: base + UInt(number * pageSize), offset: number * 2 * pageSize, length: pageSize)
        }
        return base
    }

    /// Maps memory without a file, which forked children get a copy of, over what is mapped at `address`.
    package func mapAnonymous(at address: UInt, length: Int) throws {
        _ = try map(
            length, [.read, .write], MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0, [], at: address)
    }

    private func map(
        _ length: Int, _ protection: MemoryMapping.Protection, _ flags: Int32, _ offset: Int,
        _ descriptors: [Int32], at wish: UInt = 0
    ) throws -> UInt {
        let arguments = [
            UInt64(length), UInt64(protection.rawValue), UInt64(flags), UInt64(offset),
            UInt64(wish),
        ]
        let address = try connection.request(CTP_REQUEST_MAP, arguments, descriptors: descriptors)
        return UInt(bitPattern: try required("mmap in peer \(pid)", address))
    }

    package func unmap(_ address: UInt, length: Int) throws {
        let result = try connection.request(CTP_REQUEST_UNMAP, [UInt64(address), UInt64(length)])
        _ = try required("munmap in peer \(pid)", result)
    }

    /// The futex word at `address`, as the peer sees it.
    package func word(at address: UInt) throws -> FutexWord {
        FutexWord(rawValue: UInt32(try connection.request(CTP_REQUEST_LOAD32, [UInt64(address)])))
    }

    package func store(_ word: FutexWord, at address: UInt) throws {
        _ = try connection.request(CTP_REQUEST_STORE32, [UInt64(address), UInt64(word.rawValue)])
    }

    /// Starts a task, which registers a robust list head of its own.
    package func startTask(_ kind: PeerTask.Kind = .thread) throws -> PeerTask {
        let index = tasks.count
        let slot = board.slot(index)
        let result = try connection.request(CTP_REQUEST_START, [UInt64(index), UInt64(kind.code.rawValue)])
        _ = try required("start of a \(kind) in peer \(pid)", result)
        return try adopt(PeerTask(started: slot, kind: kind, in: self))
    }

    func adopt(_ task: PeerTask) -> PeerTask {
        tasks.append(task)
        return task
    }

    /// The first thread exits and leaves its id behind as a zombie; the others live on.
    package func exitLeader() throws {
        _ = try connection.request(CTP_REQUEST_EXIT_LEADER)
        try Deadline.poll(for: "the leader of peer \(pid) to be a zombie") {
            ProcessState.letter(of: pid, in: pid) == "Z"
        }
    }

    /// SIGSTOP; every thread that is there has stopped on return.
    package func stop() throws {
        try process.send(SIGSTOP)
        for tid in [pid] + tasks.filter({ $0.processID == pid }).map(\.tid) {
            try Deadline.poll(for: "task \(tid) of peer \(pid) to stop") {
                ["T", nil].contains(ProcessState.letter(of: tid, in: pid))
            }
        }
    }

    /// SIGKILL, without waiting for the end: exit cleanup may be under way on return.
    package func kill() throws {
        try process.send(SIGKILL)
    }

    /// SIGKILL; the process is gone on return, its robust lists have been processed.
    package func killAndWait() throws {
        try process.killAndWait()
    }

    /// Ends the process and the tasks that share its memory. Safe to call again.
    package func close() throws {
        try process.killAndWait()
        for task in tasks { try task.end() }
    }
}
