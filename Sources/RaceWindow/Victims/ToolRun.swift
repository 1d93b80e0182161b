// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage

/// Runs a program of the machine, such as its compiler, to its end.
///
/// A few lines of posix_spawn(3) rather than swift-subprocess: that one needs Foundation, which would double the
/// size of the static command for two short calls.
struct ToolRun {
    struct Result {
        var output: String
        /// Exit status, or -1 after a signal.
        var status: Int32
    }

    private let name: String
    private let arguments: [String]

    init(_ name: String, _ arguments: [String]) {
        self.name = name
        self.arguments = arguments
    }

    /// - Returns: standard output and standard error, mixed, and the exit status.
    /// - Throws: `ENOENT` when PATH has no such program, and what pipe2(2) and posix_spawnp(3) return.
    func run() throws(Errno) -> Result {
        let (readEnd, writeEnd) = try asErrno { try FileDescriptor.pipe() }
        let pid: pid_t
        do {
            defer { try? writeEnd.close() }
            pid = try spawn(writingTo: writeEnd.rawValue, closing: readEnd.rawValue)
        } catch {
            try? readEnd.close()
            throw error
        }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while let count = try? part.withUnsafeMutableBytes({ try readEnd.read(into: $0) }), count > 0 {
            bytes += part[..<count]
        }
        try? readEnd.close()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return Result(output: String(decoding: bytes, as: UTF8.self), status: crf_exit_status(status))
    }

    private func spawn(writingTo end: Int32, closing other: Int32) throws(Errno) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, end, 1)
        posix_spawn_file_actions_adddup2(&actions, end, 2)
        posix_spawn_file_actions_addclose(&actions, end)
        posix_spawn_file_actions_addclose(&actions, other)
        var vector: [UnsafeMutablePointer<CChar>?] = ([name] + arguments).map { strdup($0) } + [nil]
        defer { for argument in vector { free(argument) } }
        var pid = pid_t()
        let error = posix_spawnp(&pid, name, &actions, nil, &vector, environ)
        guard error == 0 else { throw Errno(rawValue: error) }
        return pid
    }
}
