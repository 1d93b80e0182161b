// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import TestProcesses

/// A process that shares a peer's memory until it executes a program of 32 bits, and carries out system calls in both.
final class LeavingTask {
    let task: PeerTask
    private let board: Board
    private let program: UInt
    private let boardThere: UInt

    init(of peer: Peer) throws {
        board = try Board()
        // Before the task is made: it gets a copy of the descriptors.
        program = try peer.send(try Program.compat.file())
        boardThere = try peer.send(board.file, mode: O_RDWR)
        task = try peer.startTask(.vmProcess)
    }

    /// A descriptor that the peer had before the task was made has that number in the program.
    func keep(_ descriptor: UInt, as number: Int) throws {
        let result = try task.syscall(Int(SYS_dup2), descriptor, UInt(number))
        _ = try required("dup2 of task \(task.tid)", result)
    }

    /// The task as the program has it; to be used as long as this value lives.
    func execute() throws -> PeerTask {
        try keep(boardThere, as: Int(CTP_DESCRIPTOR_BOARD))
        let scratch = try task.peer.map(anonymous: .private, length: pageSize)
        try task.beginExecution(descriptor: program, scratch: scratch)
        return try PeerTask(executedIn: task.peer, slot: board.slot(0), process: task.tid)
    }
}
