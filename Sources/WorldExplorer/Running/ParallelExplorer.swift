// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import TestProcesses

/// Carries programs out several at a time, each in a process of its own with an ``Explorer``.
///
/// A world spends most of its time in handshakes: two at a time keep two processors busy. For robust-list-check only, whose
/// process has one thread; used from that.
public final class ParallelExplorer {
    private var workers: [Worker]
    private let program: (Int) -> WorldProgram
    private let end: Int
    /// The number of the next world to be begun.
    private var next = 0

    private struct Worker {
        var process: ProcessHandle
        var socket: Int32
        /// A world that it has begun.
        var isOccupied = false
    }

    private enum Order: Codable {
        case carryOut(Int)
        case exit
    }

    private struct Report: Codable {
        var failure: Failure?
    }

    /// Starts them.
    ///
    /// - Parameters:
    ///   - end: the number of worlds; nil: as many as are asked for.
    ///   - program: that of a world, counted from 0.
    public init(
        _ means: WorldMeans, count: Int, end: Int?, _ program: @escaping (Int) -> WorldProgram
    ) throws {
        self.program = program
        self.end = end ?? .max
        workers = try (0..<count).map { _ in try Self.start(means, program) }
        for index in workers.indices { try occupy(index) }
    }

    /// Waits for one more world; its failure, if it fails.
    public func nextResult() throws -> Failure? {
        // A world that breaks waits for one thing, once; one that goes on has some dozens of short steps.
        let deadline = Deadline(after: Deadline.standard * 4)
        var entries = workers.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        var ready: Int32
        repeat {
            ready = poll(&entries, nfds_t(entries.count), Int32(deadline.milliseconds()))
        } while ready < 0 && errno == EINTR
        guard ready > 0, let index = entries.firstIndex(where: { $0.revents != 0 }) else {
            throw CheckError.timedOut("one of the worlds before number \(next) to end")
        }
        let failure = try result(of: index)
        try occupy(index)
        return failure
    }

    /// Waits for the worlds that have begun, and begins no more.
    ///
    /// - Parameter onResult: called with the failure of each, if it failed.
    /// - Throws: what it throws; and when a world does not end: nobody knows then what the kernel did.
    public func finish(_ onResult: (Failure?) throws -> Void) throws {
        next = end
        while workers.contains(where: \.isOccupied) { try onResult(nextResult()) }
        stop()
    }

    /// Ends the processes, whatever becomes of worlds that have begun.
    public func stop() {
        for worker in workers { _ = EncodedMessage.send(Order.exit, to: worker.socket) }
        let deadline = Deadline()
        for worker in workers {
            if !worker.process.waitForExit(until: deadline) { try? worker.process.killAndWait() }
            waitpid(worker.process.pid, nil, 0)
            close(worker.socket)
        }
    }

    private func occupy(_ index: Int) throws {
        guard next < end else { return }
        guard EncodedMessage.send(Order.carryOut(next), to: workers[index].socket) else {
            throw CheckError.broken(
                "process \(workers[index].process.pid), which carries out worlds, is gone")
        }
        workers[index].isOccupied = true
        next += 1
    }

    private func result(of index: Int) throws -> Failure? {
        guard let report: Report = EncodedMessage.receive(from: workers[index].socket) else {
            throw CheckError.broken(
                "process \(workers[index].process.pid), which carried out a world before number \(next), crashed"
            )
        }
        workers[index].isOccupied = false
        return report.failure
    }

    private static func start(_ means: WorldMeans, _ program: (Int) -> WorldProgram) throws -> Worker {
        let (near, far) = try MessageSocket.pair()
        defer { close(far) }
        let parent = getpid()
        let pid = ctp_fork()
        guard pid >= 0 else {
            close(near)
            throw CheckError.broken("fork: errno \(errno)")
        }
        if pid == 0 {
            close(near)
            serve(far, parent, Explorer(means), program)
        }
        return Worker(process: try ProcessHandle(pid: pid), socket: near)
    }

    /// The process itself. It gives nothing of `means` back, which are its parent's.
    private static func serve(
        _ socket: Int32, _ parent: Int32, _ explorer: Explorer, _ program: (Int) -> WorldProgram
    ) -> Never {
        guard ctp_die_with_parent(parent) == 0, (try? PeerRoot.startAfterFork()) != nil else { _exit(1) }
        while let order = EncodedMessage.receive(Order.self, from: socket, milliseconds: -1) {
            guard case .carryOut(let number) = order,
                EncodedMessage.send(Report(failure: explorer.failure(of: program(number))), to: socket)
            else { break }
        }
        PeerRoot.shutDown()
        _exit(0)
    }
}
