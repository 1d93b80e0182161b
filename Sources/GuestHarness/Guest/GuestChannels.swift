// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol

/// The host's side of the ports: listens, waits for the guest within limits, sends it its command
/// and takes in what comes back.
///
/// One thread and one `poll(2)`: every wait is for all ports, the deadline and `stop(_:)` at once.
final class GuestChannels: @unchecked Sendable {
    /// The end of the conversation.
    enum Ending: Equatable, Sendable {
        case ended(GuestReport.Ending)
        /// Nothing of the guest's init was heard within the limit, or before QEMU was gone.
        case neverReady(timedOut: Bool)
        /// The command did not end within its limit.
        case commandTimedOut
        /// The command said nothing for as long as it may.
        case commandSilent
        /// The guest went away in mid-command.
        case vanished
        /// Init could not start the command.
        case initFailed(String)
        /// The run was cancelled.
        case cancelled

        /// Tells whether the guest may have been told to end by itself.
        var isFarewell: Bool {
            switch self {
            case .ended, .commandTimedOut, .commandSilent: true
            default: false
            }
        }
    }

    enum StopReason: UInt8 {
        case qemuExited = 1
        case cancelled
    }

    /// Receivers of events along the way; called on the thread of the conversation.
    struct Handlers: Sendable {
        var ready: @Sendable (_ release: String) -> Void = { _ in }
        var output: @Sendable ([UInt8]) -> Void
        var error: @Sendable ([UInt8]) -> Void
        var events: @Sendable ([UInt8]) -> Void = { _ in }
        /// The terminal whose keys and window the command gets.
        var terminal: HostTerminal?
    }

    private var listeners: [GuestPort: Int32] = [:]
    private var connections: [GuestPort: Int32] = [:]
    private var received: [GuestPort: Int] = [:]
    private let console: GuestConsole
    private var control: [UInt8] = []
    private let wake: (read: Int32, write: Int32)
    /// The file whose bytes are passed on as keys, while the command runs.
    private var keyboard: Int32?

    /// Starts to listen on one socket for each port.
    ///
    /// - Parameter run: names the run, see ``PortSocket``.
    init(run: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw HarnessError("pipe: \(String(cString: strerror(errno)))") }
        wake = (ends[0], ends[1])
        for port in GuestPort.allCases {
            listeners[port] = try PortSocket(port, run: run).listen()
        }
        console = try GuestConsole(run: run)
    }

    deinit {
        for file in Array(listeners.values) + Array(connections.values) + [wake.read, wake.write] {
            close(file)
        }
    }

    /// Ends the conversation from another thread. Safe at any time, also more than once.
    func stop(_ reason: StopReason) {
        var byte = reason.rawValue
        write(wake.write, &byte, 1)
    }

    /// Says from another thread that the terminal's window has another size.
    func windowChanged() {
        var byte = Self.windowChange
        write(wake.write, &byte, 1)
    }

    /// Beside the reasons to stop.
    private static let windowChange: UInt8 = 99

    /// Has the whole conversation; blocks its thread.
    func converse(
        request: GuestRequest, bootLimit: Duration, commandLimit: Duration, silenceLimit: Duration? = nil,
        handlers: Handlers
    ) -> Ending {
        var deadline = ContinuousClock.now + bootLimit
        var endOfCommand = deadline
        // The command was heard of now.
        func restart() { deadline = silenceLimit.map { min(endOfCommand, .now + $0) } ?? endOfCommand }
        var isReady = false
        var ended: (GuestReport.Ending, GuestReport.Sent)?
        // Once the command has had its time, and the guest was asked for its blocked tasks.
        var timeout: Ending?
        var ending: Ending?
        while true {
            if let ended, complete(ended.1) {
                send(farewell)
                return .ended(ended.0)
            }
            let events = wait(until: deadline)
            if events.isEmpty {
                if let ending { return ending }
                if ended != nil { return .vanished }
                if isReady, timeout == nil {
                    timeout = deadline < endOfCommand ? .commandSilent : .commandTimedOut
                    deadline = .now + Self.limitForTasks
                    send(showBlockedTasks)
                } else {
                    // Init does not answer. The kernel still may.
                    ending = timeout ?? .neverReady(timedOut: true)
                    deadline = .now + Self.limitForKernel
                    console.sendBreak(andThen: "w")
                }
                continue
            }
            for event in events {
                switch event {
                case .stop(.cancelled): return .cancelled
                // The terminal is gone, and the user with it.
                case .keys([]): return .cancelled
                case .keys(let bytes): send(TerminalEvent.keys(bytes).message)
                // Until the command is started init waits for its request, and nothing else.
                case .window where keyboard != nil: sendWindow(handlers)
                case .window: break
                case .stop(.qemuExited):
                    // The sockets still hold what QEMU wrote before it exited.
                    drain(handlers)
                    if let ending { return ending }
                    if let timeout { return timeout }
                    if let ended, complete(ended.1) { return .ended(ended.0) }
                    return isReady ? .vanished : .neverReady(timedOut: false)
                case .data(.control, let bytes): control += bytes
                case .data(let port, let bytes):
                    deliver(port, bytes, handlers)
                    if isReady, ended == nil, timeout == nil { restart() }
                }
            }
            do {
                while let message = try Message.take(from: &control) {
                    switch try GuestReport(message) {
                    case .ready(let release):
                        isReady = true
                        endOfCommand = .now + commandLimit
                        restart()
                        handlers.ready(release)
                        send(request.message)
                    case .started:
                        keyboard = handlers.terminal?.file
                        // It may have changed since the request was made.
                        sendWindow(handlers)
                    case .failed(let reason): return .initFailed(reason)
                    case .blockedTasksShown:
                        send(farewell)
                        return timeout ?? .commandTimedOut
                    case .ended where timeout != nil:
                        // Too late.
                        send(farewell)
                        return timeout ?? .commandTimedOut
                    case .ended(let ending, let sent):
                        keyboard = nil
                        ended = (ending, sent)
                        deadline = .now + .seconds(30)
                    }
                }
            } catch {
                return .initFailed("its messages make no sense: \(error)")
            }
        }
    }

    /// Time in which the kernel prints its blocked tasks, which under emulation takes a second.
    private static let limitForTasks = Duration.seconds(20)
    /// The same, when the kernel is asked by a break on its console, to which nobody says when it has finished.
    private static let limitForKernel = Duration.seconds(5)

    private enum Event {
        case data(GuestPort, [UInt8])
        case stop(StopReason)
        /// Empty at the end of the terminal.
        case keys([UInt8])
        case window
    }

    private func complete(_ sent: GuestReport.Sent) -> Bool {
        received[.output, default: 0] >= sent.output && received[.error, default: 0] >= sent.error
            && received[.events, default: 0] >= sent.events
    }

    private func deliver(_ port: GuestPort, _ bytes: [UInt8], _ handlers: Handlers) {
        received[port, default: 0] += bytes.count
        switch port {
        case .control: break
        case .output: handlers.output(bytes)
        case .error: handlers.error(bytes)
        case .events: handlers.events(bytes)
        }
    }

    private func drain(_ handlers: Handlers) {
        while true {
            let data = wait(until: .now).compactMap { event -> (GuestPort, [UInt8])? in
                if case .data(let port, let bytes) = event { (port, bytes) } else { nil }
            }
            if data.isEmpty { return }
            for (port, bytes) in data where port != .control { deliver(port, bytes, handlers) }
        }
    }

    /// Events that have happened by `deadline`; none when it passes first.
    private func wait(until deadline: ContinuousClock.Instant) -> [Event] {
        while true {
            var ports: [GuestPort] = []
            var files = [pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0)]
            for port in GuestPort.allCases {
                guard let file = connections[port] ?? listeners[port] else { continue }
                ports.append(port)
                files.append(pollfd(fd: file, events: Int16(POLLIN), revents: 0))
            }
            files.append(pollfd(fd: keyboard ?? -1, events: Int16(POLLIN), revents: 0))
            let left = (deadline - .now).components
            let milliseconds = max(0, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1)
            let count = poll(
                &files, nfds_t(files.count), Int32(clamping: left.seconds < 0 ? 0 : milliseconds))
            if count == 0, ContinuousClock.now >= deadline { return [] }
            var events: [Event] = []
            for (port, file) in zip(ports, files.dropFirst()) where file.revents != 0 {
                if let bytes = receive(port) { events.append(.data(port, bytes)) }
            }
            if files[0].revents != 0 {
                var byte: UInt8 = 0
                if read(wake.read, &byte, 1) == 1 {
                    if let reason = StopReason(rawValue: byte) { events.append(.stop(reason)) }
                    if byte == Self.windowChange { events.append(.window) }
                }
            }
            if files[files.count - 1].revents != 0, let keyboard {
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = read(keyboard, &bytes, bytes.count)
                if count >= 0 || (errno != EINTR && errno != EAGAIN) {
                    events.append(.keys(Array(bytes[..<max(0, count)])))
                }
            }
            if !events.isEmpty { return events }
        }
    }

    /// Accepts a port's connection, or reads from it; nil when that brought no bytes.
    private func receive(_ port: GuestPort) -> [UInt8]? {
        guard let connection = connections[port] else {
            if let listener = listeners[port], let file = PortSocket.accept(listener) {
                connections[port] = file
                close(listener)
                listeners[port] = nil
            }
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(connection, &bytes, bytes.count)
        if count > 0 { return Array(bytes[..<count]) }
        if count < 0, errno == EINTR { return nil }
        // QEMU is gone or going: its exit ends the conversation.
        close(connection)
        connections[port] = nil
        return nil
    }

    private func sendWindow(_ handlers: Handlers) {
        guard let terminal = handlers.terminal else { return }
        send(TerminalEvent.window(terminal.window).message)
    }

    /// A guest that does not read is found out by its deadline, not here.
    private func send(_ message: Message) {
        guard let file = connections[.control] else { return }
        var rest = message.encoded[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
