// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol

/// The result of one run of a guest.
public struct Outcome: Codable, Equatable, Sendable {
    /// The exit status of the run: the command's own, or one of `HarnessStatus`.
    public var status: Int32
    /// One line for the user, which names the log; nil when there is nothing to say.
    public var message: String?
    /// `uname -r` of the guest, once it was up.
    public var release: String?
    public var faults: [ConsoleLog.Fault]
    /// Number of data races that the kernel reported and that do not involve the new system call.
    public var otherDataRaces = 0
    /// Seconds from the start of QEMU to init, and from there to the end of the command.
    public var bootSeconds: Double?
    public var commandSeconds: Double?
    /// Tells whether the command ran to its end, whatever the status says.
    public var commandEnded: Bool

    /// Judges a run.
    ///
    /// A fault comes before all else, for what a faulty kernel says of a command is worth nothing;
    /// but a guest that never came up is called that, whatever kept it.
    init(
        _ ending: GuestChannels.Ending, command: String, faults: [ConsoleLog.Fault],
        qemuFailure: String?, log: String, bootLimit: String, commandLimit: String,
        silenceLimit: String = "",
        blockedTasks: ConsoleLog.BlockedTasks? = nil
    ) {
        self.faults = faults
        status = 0
        commandEnded = false
        let fault = faults.first.map { "\($0.text) (line \($0.line))" }
        switch ending {
        case .neverReady(let timedOut):
            let why =
                timedOut
                ? "nothing was heard of its init within \(bootLimit)"
                : qemuFailure ?? "QEMU ended before its init spoke"
            let first = fault.map { ": \($0)" } ?? ""
            set(.neverCameUp, "the guest never came up: \(why)\(first); see \(log)")
        case .initFailed(let reason):
            set(.neverCameUp, "the guest's init could not run the command: \(reason); see \(log)")
        case .commandTimedOut, .commandSilent:
            let first = fault.map { "; the kernel said: \($0)" } ?? ""
            let tasks = blockedTasks.map { "; \($0.words)" } ?? "; the guest did not print its blocked tasks"
            let late =
                ending == .commandSilent
                ? "said nothing for \(silenceLimit)" : "did not end within \(commandLimit)"
            set(.timedOut, "'\(command)' \(late)\(first)\(tasks); see \(log)")
            return
        case .cancelled:
            set(.noReport, "interrupted; see \(log)")
        case .vanished:
            if let fault {
                set(.kernelFault, "the kernel reported a fault: \(fault); see \(log)")
            } else {
                set(.noReport, "the guest went away before '\(command)' had ended; see \(log)")
            }
        case .ended(let ending):
            commandEnded = true
            switch ending {
            case .exited(let code): status = code
            case .signalled(let signal):
                status = 128 + signal
                message =
                    "'\(command)' was killed by signal \(signal) (\(String(cString: strsignal(signal)))); see \(log)"
            case .notExecuted(let code):
                status = code == ENOENT ? 127 : 126
                message =
                    "cannot run '\(command)' in the guest: \(String(cString: strerror(code))); see \(log)"
            }
            if let fault {
                set(
                    .kernelFault,
                    "'\(command)' ended with \(status), but the kernel reported a fault: \(fault); see \(log)"
                )
            }
        }
    }

    private mutating func set(_ status: HarnessStatus, _ message: String) {
        self.status = status.rawValue
        self.message = message
    }
}
