// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Foundation
import Glibc
import Synchronization
import Testing

@testable import TestProcesses

/// A seccomp filter for the number of cleanup_robust_list(2).
enum CallFilter {
    case error(Int32)
    case action(ctp_filter_action)
    /// A supervisor that plays another system call.
    case plays(OtherCall)

    /// A call that the supervisor saw.
    struct Seen: Equatable {
        let tid: Int
        let arguments: [UInt64]
        let result: Int
        let changesLists: Bool
    }

    /// Carries `body` out behind the filter, in a thread of its own, with the processes that it starts.
    ///
    /// - Returns: its result, and the calls that a supervisor saw.
    func apply<Value>(_ body: @escaping () throws -> Value) throws -> (value: Value, calls: [Seen]) {
        try inNewThread {
            switch self {
            case .error(let error):
                _ = try required("seccomp", ctp_filter_cleanup(error))
            case .action(let action):
                _ = try required("seccomp", ctp_filter_cleanup_by(action, 0))
            case .plays(let other):
                let listener = try required("seccomp", ctp_filter_cleanup_by(CTP_FILTER_SUPERVISE, 0))
                let supervisor = try CallSupervisor(listener: Int32(listener), playing: other)
                let result = Result(catching: body)
                let calls = try supervisor.end()
                return (try result.get(), calls)
            }
            return (try body(), [])
        }
    }
}

/// A thread that answers every call behind a filter.
private final class CallSupervisor: Sendable {
    private let listener: Int32
    private let other: OtherCall
    /// Closing the first ends the thread, which waits for the second.
    private let stop: [Int32]
    private let calls = Mutex<[CallFilter.Seen]>([])
    private let hasEnded = DispatchSemaphore(value: 0)

    init(listener: Int32, playing other: OtherCall) throws {
        self.listener = listener
        self.other = other
        var ends: [Int32] = [-1, -1]
        _ = try required("a socket pair", ctp_socket_pair(&ends))
        stop = ends
        Thread { self.serve() }.start()
    }

    /// The calls seen. Nothing answers any longer.
    func end() throws -> [CallFilter.Seen] {
        close(stop[0])
        guard hasEnded.wait(timeout: .now() + 20) == .success else {
            throw CheckError.timedOut("the end of the supervisor of system calls")
        }
        close(stop[1])
        close(listener)
        return calls.withLock { $0 }
    }

    private func serve() {
        while true {
            var polled = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop[1], events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) > 0 else { continue }
            if polled[0].revents & Int16(POLLIN) != 0 {
                serveOne()
            } else if polled[1].revents != 0 {
                break
            }
        }
        hasEnded.signal()
    }

    private func serveOne() {
        var call = ctp_supervised_call()
        // Whoever called may be gone already.
        guard ctp_receive_call(listener, &call) == 0 else { return }
        let arguments = withUnsafeBytes(of: call.arguments) { Array($0.bindMemory(to: UInt64.self)) }
        let answer = other.answer(to: arguments)
        calls.withLock {
            $0.append(
                .init(
                    tid: Int(call.tid), arguments: arguments, result: answer.result,
                    changesLists: answer.changesLists))
        }
        _ = ctp_answer_call(listener, call.id, Int64(answer.result))
    }
}

/// The same as ``robustListCheck(_:)``, behind a filter.
func robustListCheck(
    _ arguments: [String], behind filter: CallFilter
) throws -> (ended: CommandEnd, calls: [CallFilter.Seen]) {
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let command = [
        URL(filePath: program).deletingLastPathComponent().appending(path: "robust-list-check").path
    ]
    let (ended, calls) = try filter.apply { try spawnAndWait(command + arguments) }
    return (ended, calls)
}

/// From the calling thread, whose filter the program inherits: that is why swift-subprocess, which starts programs
/// from wherever it likes, does not do here.
private func spawnAndWait(_ command: [String]) throws -> CommandEnd {
    let streams = try (0..<2).map { _ in Int32(try required("memfd_create", crf_memfd_create("stream", 1))) }
    defer { for stream in streams { close(stream) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (index, stream) in streams.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, stream, Int32(index) + 1)
    }
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let error = posix_spawn(&pid, command[0], &actions, nil, &arguments, environ)
    guard error == 0 else { throw CheckError.broken("\(command[0]) did not start: errno \(error)") }
    let process = try ProcessHandle(pid: pid)
    let hasExited = process.waitForExit(until: Deadline(after: .seconds(60)))
    if !hasExited { try process.killAndWait() }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    guard hasExited else { throw CheckError.timedOut("\(command) to end") }
    guard crf_term_signal(status) == 0 else {
        throw CheckError.failed("\(command) ended by signal \(crf_term_signal(status))")
    }
    return CommandEnd(
        status: crf_exit_status(status), output: try text(of: streams[0]), errors: try text(of: streams[1]))
}

private func text(of descriptor: Int32) throws -> String {
    lseek(descriptor, 0, SEEK_SET)
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
}
