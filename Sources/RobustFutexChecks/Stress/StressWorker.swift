// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import TestProcesses

/// The part of the arena that belongs to one worker process, and how the process is told.
public struct StressWorker: Sendable {
    /// Descriptor of the arena's file, inherited.
    public let arena: Int32
    /// The first of its threads in the arena.
    public let first: Int
    public let threads: Int
    public let role: Role

    /// The work of such a process.
    public enum Role: String, Sendable {
        /// Uses locks.
        case worker
        /// Uses memory of its dead threads for what looks like a pointer to a lock.
        case undertaker
        /// Makes the call for that lock, which nobody uses.
        case caller
    }

    public init(_ role: Role = .worker, arena: Int32, first: Int = 0, threads: Int = 0) {
        self.role = role
        self.arena = arena
        self.first = first
        self.threads = threads
    }

    /// As the hidden command of robust-list-check takes it.
    var arguments: [String] {
        [
            "stress-worker", "--role", role.rawValue, "--arena", "\(arena)", "--first", "\(first)",
            "--threads", "\(threads)",
        ]
    }

    /// Does the worker's work in the calling process; returns only when there is no arena to work in.
    public func run() throws {
        let mapping = try MemoryMapping(sharing: arena, length: Int(CTP_STRESS_BYTES))
        let shared = UnsafeMutablePointer<ctp_stress_arena>(bitPattern: mapping.address)!
        var arguments = ([CommandLine.arguments[0]] + self.arguments).map { strdup($0) }
        arguments.append(nil)
        switch role {
        case .worker: break
        case .undertaker: ctp_stress_bury(shared)
        case .caller: ctp_stress_call(shared)
        }
        ctp_stress_work(shared, UInt32(first), UInt32(threads), "/proc/self/exe", arguments)
    }
}

/// A worker process as the destroyer sees it.
final class StressProcess {
    let worker: StressWorker
    let pid: Int32
    private let handle: ProcessHandle

    /// Executes this program's hidden command. The arena's descriptor has to be inheritable.
    init(_ worker: StressWorker, program: String) throws {
        self.worker = worker
        var arguments = ([program] + worker.arguments).map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, program, nil, nil, arguments, environ)
        guard error == 0 else {
            throw CheckError.broken("a worker of the stress did not start: errno \(error)")
        }
        self.pid = pid
        handle = try ProcessHandle(pid: pid)
    }

    var hasExited: Bool { handle.hasExited }

    /// Gone on return, with its robust lists processed.
    func killAndReap() throws {
        try handle.killAndWait()
        waitpid(pid, nil, 0)
    }
}
