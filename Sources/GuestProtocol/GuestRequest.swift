// SPDX-License-Identifier: MIT

/// The one command that a guest runs; host to guest.
public struct GuestRequest: Equatable, Sendable {
    /// The directory that the command sees as its root.
    public enum Root: String, Sendable {
        /// The host's root file system, over 9p; what is written to it goes to memory of the guest.
        case host
        /// The files of the guest's image.
        case image
        /// The same, and the host's root file system, which cannot be written to, in `/host`: for guests of another
        /// architecture, which cannot run the host's programs.
        case imageWithHost = "image-with-host"
    }

    public var root: Root
    /// Absolute path of a directory of the host's, mounted read-write at the same path, if any.
    public var sharedDirectory: String?
    /// The directory in which the command starts; `/` where the guest has no such directory.
    public var workingDirectory: String
    /// `NAME=value` each.
    public var environment: [String]
    /// The program and its arguments; never empty.
    public var arguments: [String]
    /// The window of the terminal that the command gets; nil: its standard input is empty, and its standard output and
    /// standard error are kept apart.
    public var terminal: TerminalWindow?

    public init(
        root: Root, sharedDirectory: String? = nil, workingDirectory: String, environment: [String],
        arguments: [String], terminal: TerminalWindow? = nil
    ) {
        self.terminal = terminal
        self.root = root
        self.sharedDirectory = sharedDirectory
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.arguments = arguments
    }

    public var message: Message {
        var message = Message(
            "run", [.init("root", root.rawValue), .init("directory", workingDirectory)])
        if let sharedDirectory {
            message.fields.append(.init("share", sharedDirectory))
        }
        if let terminal { message.fields.append(.init("terminal", terminal.text)) }
        message.fields += environment.map { .init("environment", $0) }
        message.fields += arguments.map { .init("argument", $0) }
        return message
    }
}

/// The host's message when the command has had its time: the kernel is to print its blocked tasks on the console.
public let showBlockedTasks = Message("show-blocked-tasks")

/// The host's message once it has everything: the guest may end.
public let farewell = Message("farewell")
