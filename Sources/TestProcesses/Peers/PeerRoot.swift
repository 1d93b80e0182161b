// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import Synchronization
import SystemPackage

/// The process from which all peers of this runner are forked.
///
/// It is small, has one thread, and maps nothing that the runner maps: a peer forked from the runner itself would
/// share mappings that no check knows of. Started once, since exec is the slow part under emulation. It
/// ends when the runner's end of its socket is closed, and its children with it.
package final class PeerRoot {
    let connection: Connection
    let process: ProcessHandle

    /// The way in which the process is started.
    enum Launch: Sendable {
        /// Runs `robust-list-check peer`.
        case execute
        /// Forks the running process, which is robust-list-check itself with one thread.
        case fork
    }

    private struct State: ~Copyable {
        var launch = Launch.execute
        var root: PeerRoot?
    }
    private static let state = Mutex(State())

    /// Says that this process is robust-list-check, before its first peer.
    package static func launchByForking() {
        state.withLock { $0.launch = .fork }
    }

    /// Ends the process and reaps it, if there is one; the next peer starts another.
    package static func shutDown() {
        state.withLock { state in
            guard let root = state.root else { return }
            try? root.process.killAndWait()
            waitpid(root.process.pid, nil, 0)
            state.root = nil
        }
    }

    /// Starts the process, unless it is there; its id. Peers are in the control groups that it is in.
    ///
    /// Forked, it keeps what is mapped and open here by now until its end.
    @discardableResult
    package static func start() throws -> Int32 {
        try state.withLock { state in
            let root = try state.root ?? PeerRoot(state.launch)
            state.root = root
            return root.process.pid
        }
    }

    /// Starts another in a process that was forked from the one which started the first, and leaves that one alone.
    package static func startAfterFork() throws {
        state.withLock { $0.root = nil }
        try start()
    }

    /// A new peer's process id; the descriptors are its end of the socket and its board.
    static func fork(socket: Int32, board: Int32) throws -> Int32 {
        try state.withLock { state in
            let root = try state.root ?? PeerRoot(state.launch)
            state.root = root
            return try root.fork(socket: socket, board: board)
        }
    }

    private init(_ launch: Launch) throws {
        let (near, far) = try MessageSocket.pair()
        connection = Connection(socket: near, name: "the root of all peers")
        defer { close(far) }
        switch launch {
        case .execute: process = try Self.start(serving: far)
        case .fork: process = try Self.forkSelf(near, far)
        }
    }

    private func fork(socket: Int32, board: Int32) throws -> Int32 {
        let pid = try connection.request(CTP_REQUEST_FORK, descriptors: [socket, board])
        return Int32(try required("fork of a peer", pid))
    }

    private static func forkSelf(_ near: Int32, _ far: Int32) throws -> ProcessHandle {
        let pid = ctp_fork()
        guard pid >= 0 else { throw Errno(rawValue: errno) }
        guard pid == 0 else { return try ProcessHandle(pid: pid) }
        close(near)
        PeerServer(socket: far).run()
    }

    /// Runs `robust-list-check peer` on its end of a socket; the descriptor stays the caller's.
    static func start(serving socket: Int32) throws -> ProcessHandle {
        let program = try locateProgram()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, socket, PeerRoot.socketInChild)

        var arguments: [UnsafeMutablePointer<CChar>?] = [
            strdup(program.string), strdup("peer"), strdup("--socket"), strdup("\(socketInChild)"), nil,
        ]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        let error = posix_spawn(&pid, program.string, &actions, nil, &arguments, environ)
        guard error == 0 else {
            throw CheckError.broken("\(program) cannot be started: \(Errno(rawValue: error).name)")
        }
        return try ProcessHandle(pid: pid)
    }

    /// The descriptor number that the child is told; above the standard ones.
    private static let socketInChild: Int32 = 3

    /// The environment's ROBUST_LIST_CHECK, else the command beside the running program: the test bundle
    /// and the command are built into one directory.
    private static func locateProgram() throws(CheckError) -> FilePath {
        if let named = getenv("ROBUST_LIST_CHECK") {
            let path = FilePath(String(cString: named))
            guard access(path.string, X_OK) == 0 else {
                throw .broken("ROBUST_LIST_CHECK names \(path), which cannot be run")
            }
            return path
        }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        guard length > 0 else { throw .broken("/proc/self/exe cannot be read: is /proc mounted?") }
        let running = FilePath(
            String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self))
        let beside = running.removingLastComponent().appending("robust-list-check")
        guard access(beside.string, X_OK) == 0 else {
            throw .broken("no robust-list-check at \(beside); name it by ROBUST_LIST_CHECK")
        }
        return beside
    }
}
