// SPDX-License-Identifier: MIT

/// Messages of init to the host, in this order: `ready`, `started`, `ended`; or, of a command that has had its time,
/// `blockedTasksShown` as the last.
public enum GuestReport: Equatable, Sendable {
    /// Init runs and waits for its command; `release` is what `uname -r` prints.
    case ready(release: String)
    /// The command was executed.
    case started
    /// The command is over, and all that it wrote was sent.
    case ended(Ending, sent: Sent)
    /// The kernel was asked to print its blocked tasks, and did, as far as it can.
    case blockedTasksShown
    /// Init could not do its part; what failed.
    case failed(String)

    /// The end of the command.
    public enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        /// Never executed: `errno` of the attempt.
        case notExecuted(Int32)
    }

    /// Bytes sent over each data port. The host waits for as many before it lets the guest go:
    /// QEMU drops what it still holds when the guest ends.
    public struct Sent: Equatable, Sendable {
        public var output: Int
        public var error: Int
        public var events: Int

        public init(output: Int, error: Int, events: Int) {
            self.output = output
            self.error = error
            self.events = events
        }
    }

    public var message: Message {
        switch self {
        case .ready(let release): return Message("ready", [.init("release", release)])
        case .started: return Message("started")
        case .blockedTasksShown: return Message("blocked-tasks-shown")
        case .failed(let reason): return Message("failed", [.init("reason", reason)])
        case .ended(let ending, let sent):
            var message = Message(
                "ended",
                [
                    .init("output", String(sent.output)), .init("error", String(sent.error)),
                    .init("events", String(sent.events)),
                ])
            switch ending {
            case .exited(let status): message.fields.append(.init("status", String(status)))
            case .signalled(let signal): message.fields.append(.init("signal", String(signal)))
            case .notExecuted(let errno): message.fields.append(.init("errno", String(errno)))
            }
            return message
        }
    }

    public init(_ message: Message) throws(ProtocolError) {
        switch message.verb {
        case "ready": self = .ready(release: message["release"] ?? "")
        case "started": self = .started
        case "blocked-tasks-shown": self = .blockedTasksShown
        case "failed": self = .failed(message["reason"] ?? "")
        case "ended":
            func number<T: FixedWidthInteger>(_ name: String) -> T? { message[name].flatMap { T($0) } }
            guard let output: Int = number("output"), let error: Int = number("error"),
                let events: Int = number("events")
            else { throw .message(message.verb) }
            let ending: Ending
            if let status: Int32 = number("status") {
                ending = .exited(status)
            } else if let signal: Int32 = number("signal") {
                ending = .signalled(signal)
            } else if let errno: Int32 = number("errno") {
                ending = .notExecuted(errno)
            } else {
                throw .message(message.verb)
            }
            self = .ended(ending, sent: Sent(output: output, error: error, events: events))
        default: throw .message(message.verb)
        }
    }
}
