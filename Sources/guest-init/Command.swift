// SPDX-License-Identifier: MIT

import CGuestInit
import Glibc
import GuestProtocol

/// The host's command: started once, its output passed on until it ends.
struct Command {
    private let request: GuestRequest
    private var pumps: [Pump]
    private let deaths: Int32
    private var terminal: Terminal?

    init(_ request: GuestRequest) throws(InitError) {
        self.request = request
        if chdir(request.workingDirectory) != 0 {
            try check("chdir /") { chdir("/") }
        }
        if mkfifo(GuestPath.events, 0o622) != 0, errno != EEXIST {
            throw InitError(failed: "mkfifo \(GuestPath.events)")
        }
        // Opened for both ways: the reading end never sees an end of file between two writers.
        let events = try check("open \(GuestPath.events)") {
            open(GuestPath.events, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        }
        let standard: Pump
        if let window = request.terminal {
            let terminal = try Terminal(window)
            standard = Pump(source: terminal.master, writer: -1, destination: try openPort(.output))
            self.terminal = terminal
        } else {
            standard = try Pump(to: .output)
            terminal = nil
        }
        pumps = [
            standard, try Pump(to: .error),
            Pump(source: events, writer: -1, destination: try openPort(.events)),
        ]
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGCHLD)
        sigprocmask(SIG_BLOCK, &mask, nil)
        deaths = try check("signalfd") { signalfd(-1, &mask, Int32(SFD_CLOEXEC)) }
    }

    /// Runs the command, passes its output on, adopts and reaps its orphans, and does what the host says meanwhile.
    ///
    /// - Returns: nil when the host does not wait for the end.
    mutating func runToEnd(
        _ control: ControlPort
    ) throws(InitError) -> (ending: GuestReport.Ending, sent: GuestReport.Sent)? {
        let child: pid_t
        switch spawn(
            request.arguments, environment: request.environment, output: pumps[0].writer,
            error: pumps[1].writer, terminal: terminal?.path)
        {
        case .success(let pid): child = pid
        case .failure(let error): return (.notExecuted(error.code), sent)
        }
        close(pumps[0].writer)
        close(pumps[1].writer)
        var ending: GuestReport.Ending?
        while ending == nil {
            var waiting = pumps.map {
                pollfd(fd: $0.isOpen ? $0.source : -1, events: Int16(POLLIN), revents: 0)
            }
            if terminal?.pending.isEmpty == false { waiting[0].events |= Int16(POLLOUT) }
            for file in [deaths, control.file] {
                waiting.append(pollfd(fd: file, events: Int16(POLLIN), revents: 0))
            }
            try check("poll") { poll(&waiting, nfds_t(waiting.count), -1) }
            if waiting[0].revents & Int16(POLLOUT) != 0 { terminal?.flush() }
            for index in pumps.indices where waiting[index].revents != 0 {
                try pumps[index].move()
            }
            if waiting[pumps.count].revents != 0 {
                ending = try reap(child)
            }
            if waiting[pumps.count + 1].revents != 0 {
                for message in try control.messages() {
                    if message == farewell { return nil }
                    obey(message, control)
                }
            }
        }
        // All that the command wrote is in the pipes by now; what its orphans still write is theirs.
        for index in pumps.indices {
            while try pumps[index].move() {}
        }
        return (ending!, sent)
    }

    private mutating func obey(_ message: Message, _ control: ControlPort) {
        if let event = TerminalEvent(message) { terminal?.take(event) }
        guard message == showBlockedTasks else { return }
        printBlockedTasks()
        control.send(.blockedTasksShown)
    }

    private var sent: GuestReport.Sent {
        .init(output: pumps[0].sent, error: pumps[1].sent, events: pumps[2].sent)
    }

    /// - Returns: how `child` ended, once it has.
    private func reap(_ child: pid_t) throws(InitError) -> GuestReport.Ending? {
        var information = signalfd_siginfo()
        try check("read signalfd") { read(deaths, &information, MemoryLayout<signalfd_siginfo>.size) }
        var ending: GuestReport.Ending?
        var status: Int32 = 0
        while true {
            let pid = waitpid(-1, &status, WNOHANG)
            if pid <= 0 { return ending }
            if pid == child {
                let signal = status & 0x7f
                ending = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
            }
        }
    }
}

/// Moves bytes from a pipe of the command's to a port, and counts them.
///
/// The command does not get the port itself: a port can be opened once only, so `/dev/stderr`
/// would fail, and a program that writes in small pieces would wait for the host each time.
struct Pump {
    let source: Int32
    let writer: Int32
    private let destination: Int32
    private(set) var sent = 0
    /// False once the command and its children have all closed their end.
    private(set) var isOpen = true

    init(source: Int32, writer: Int32, destination: Int32) {
        self.source = source
        self.writer = writer
        self.destination = destination
    }

    init(to port: GuestPort) throws(InitError) {
        var ends: [Int32] = [-1, -1]
        try check("pipe") { pipe(&ends) }
        for end in ends {
            try check("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        try check("fcntl") { fcntl(ends[0], F_SETFL, O_NONBLOCK) }
        self.init(source: ends[0], writer: ends[1], destination: try openPort(port))
    }

    /// Moves what is there, up to a pipe's capacity; whether there was anything.
    @discardableResult
    mutating func move() throws(InitError) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(source, &bytes, bytes.count)
        // A terminal that no process has open any more says EIO.
        if count == 0 || (count < 0 && errno == EIO) { isOpen = false }
        guard count > 0 else { return false }
        try writeAll(bytes[..<count], to: destination)
        sent += count
        return true
    }
}
