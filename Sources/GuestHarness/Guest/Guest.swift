// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// One guest: boots a kernel, runs one command in it, ends.
public struct Guest: Sendable {
    public var architecture: Architecture
    public var accelerator: Accelerator
    public var options: MachineOptions
    public var kernel: BuiltKernel
    public var image: FilePath
    public var bootLimit: Duration
    public var commandLimit: Duration
    /// The longest time in which the command may say nothing; nil: all of its time.
    private(set) public var silenceLimit: Duration?

    public init(
        architecture: Architecture, accelerator: Accelerator, options: MachineOptions, kernel: BuiltKernel,
        image: FilePath, bootLimit: Duration, commandLimit: Duration
    ) {
        self.architecture = architecture
        self.accelerator = accelerator
        self.options = options
        self.kernel = kernel
        self.image = image
        self.bootLimit = bootLimit
        self.commandLimit = commandLimit
    }

    /// Limit for booting a plain kernel: emulation takes a few seconds on an idle machine, and
    /// many on a busy one.
    public static func bootLimit(_ accelerator: Accelerator) -> Duration {
        accelerator == .kvm ? .seconds(30) : .seconds(120)
    }

    /// Limit for a command on a plain kernel.
    public static let commandLimit = Duration.seconds(600)

    /// The same guest, which is ended when its command says nothing for that long.
    func limited(toSilence limit: Duration) -> Guest {
        var guest = self
        guest.silenceLimit = limit
        return guest
    }

    /// Receivers of the command's bytes, as they come.
    public struct Sinks: Sendable {
        public var ready: @Sendable (_ release: String) -> Void
        public var output: @Sendable ([UInt8]) -> Void
        public var error: @Sendable ([UInt8]) -> Void
        public var events: @Sendable ([UInt8]) -> Void

        public init(
            ready: @escaping @Sendable (_ release: String) -> Void = { _ in },
            output: @escaping @Sendable ([UInt8]) -> Void, error: @escaping @Sendable ([UInt8]) -> Void,
            events: @escaping @Sendable ([UInt8]) -> Void = { _ in }
        ) {
            self.ready = ready
            self.output = output
            self.error = error
            self.events = events
        }
    }

    /// The QEMU command that `run` would use, quoted for a shell.
    public func commandLine(request: GuestRequest, in directory: FilePath) -> String {
        command(
            request: request, console: directory.appending("console.log"), sockets: "RUN"
        ).tool.commandLine
    }

    /// Runs the command of `request`. QEMU is gone when this returns, however it returns.
    ///
    /// - Parameter terminal: the terminal that the command gets, if its request has one. It is raw while the command runs.
    public func run(
        _ request: GuestRequest, in run: RunDirectory, sinks: Sinks, terminal: HostTerminal? = nil
    ) async throws -> Outcome {
        defer { terminal?.restore() }
        let sockets = PortSocket.newRun()
        let tool = command(request: request, console: run.console, sockets: sockets).tool
        _ = try Tool.find(tool.name)
        try Files.write(Data("#!/bin/sh\nexec \(tool.commandLine)\n".utf8), to: run.commandLine)
        let channels = try GuestChannels(run: sockets)
        let notes = RunNotes()
        let handlers = GuestChannels.Handlers(
            ready: { release in
                notes.markReady(release)
                sinks.ready(release)
                terminal?.makeRaw()
            }, output: sinks.output, error: sinks.error, events: sinks.events, terminal: terminal)
        let windowChanges = terminal?.onWindowChange { channels.windowChanged() }
        defer { windowChanges?.cancel() }

        let ending = await withTaskGroup(of: GuestChannels.Ending?.self) { group in
            group.addTask {
                do {
                    try await tool.runLogged(to: run.qemuLog)
                } catch {
                    // Cancelled means ended on purpose, below.
                    if !Task.isCancelled { notes.markFailure("\(error)") }
                }
                channels.stop(.qemuExited)
                return nil
            }
            group.addTask {
                await converse(channels, request, handlers)
            }
            var ending: GuestChannels.Ending?
            while let result = await group.next() {
                guard let result else { continue }
                ending = result
                if result.isFarewell {
                    // The guest ends by itself, with all that its log still gets.
                    group.addTask {
                        try? await Task.sleep(for: .seconds(10))
                        return nil
                    }
                    _ = await group.next()
                }
                break
            }
            group.cancelAll()
            return ending ?? .cancelled
        }
        try Task.checkCancellation()
        let findings = ConsoleLog.findings(inFile: run.console)
        var outcome = Outcome(
            ending, command: request.arguments[0], faults: findings.faults,
            qemuFailure: notes.failure, log: run.console.string,
            bootLimit: "\(bootLimit.components.seconds) s",
            commandLimit: "\(commandLimit.components.seconds) s",
            silenceLimit: "\((silenceLimit ?? commandLimit).components.seconds) s",
            blockedTasks: findings.blockedTasks)
        outcome.otherDataRaces = findings.otherDataRaces
        (outcome.release, outcome.bootSeconds, outcome.commandSeconds) = notes.result
        try Files.write(json: outcome, to: run.outcome)
        return outcome
    }

    private func command(request: GuestRequest, console: FilePath, sockets: String) -> QEMUCommand {
        var shares: [QEMUCommand.Share] = []
        if request.root != .image {
            shares.append(.init(tag: ShareTag.hostRoot, path: "/", readOnly: true))
            if let directory = request.sharedDirectory {
                shares.append(.init(tag: ShareTag.sharedDirectory, path: directory, readOnly: false))
            }
        }
        return QEMUCommand(
            architecture: architecture, accelerator: accelerator, options: options, kernel: kernel.image,
            image: image, console: console, run: sockets, shares: shares)
    }

    /// Runs the blocking conversation on a thread of its own; cancelling the task ends it.
    private func converse(
        _ channels: GuestChannels, _ request: GuestRequest, _ handlers: GuestChannels.Handlers
    ) async -> GuestChannels.Ending {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        returning: channels.converse(
                            request: request, bootLimit: bootLimit, commandLimit: commandLimit,
                            silenceLimit: silenceLimit, handlers: handlers))
                }
            }
        } onCancel: {
            channels.stop(.cancelled)
        }
    }
}
