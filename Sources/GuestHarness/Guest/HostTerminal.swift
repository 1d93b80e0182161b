// SPDX-License-Identifier: MIT

import Dispatch
import Foundation
import GuestProtocol
import Synchronization

/// The terminal that the user sits at: raw while a command in a guest has it, and as it was afterwards.
public final class HostTerminal: Sendable {
    /// Standard input.
    let file: Int32
    private let settings: termios
    private let keeper = Mutex<TerminalKeeper?>(nil)

    /// - Throws: when standard input and standard output are no terminal, as bad usage.
    public init() throws {
        for (file, name) in [(STDIN_FILENO, "input"), (STDOUT_FILENO, "output")] where isatty(file) == 0 {
            throw HarnessError(
                "--shell: standard \(name) is no terminal; use a terminal, or give a command after --",
                status: .usage)
        }
        file = STDIN_FILENO
        var settings = termios()
        guard tcgetattr(file, &settings) == 0 else {
            throw HarnessError("--shell: the terminal's settings: \(String(cString: strerror(errno)))")
        }
        self.settings = settings
    }

    deinit { restore() }

    /// Every key is passed on as it is, also those that would interrupt or stop the harness.
    func makeRaw() {
        // First, for afterwards nobody else would undo it.
        keeper.withLock { $0 = $0 ?? TerminalKeeper(of: file) }
        var raw = settings
        cfmakeraw(&raw)
        tcsetattr(file, TCSANOW, &raw)
    }

    /// Gives the terminal its settings back. Safe at any time, also more than once.
    public func restore() {
        keeper.withLock { keeper in
            guard keeper != nil else { return }
            var settings = settings
            // Waits until the guest's output has been written.
            tcsetattr(file, TCSADRAIN, &settings)
            keeper?.dismiss()
            keeper = nil
        }
    }

    /// As it is now.
    public var window: TerminalWindow {
        var size = winsize()
        guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TerminalWindow(columns: 80, rows: 24)
        }
        return TerminalWindow(columns: size.ws_col, rows: size.ws_row)
    }

    /// Calls `handler` whenever the window gets another size, as long as what is returned is kept.
    func onWindowChange(_ handler: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
        signal(SIGWINCH, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: .global())
        source.setEventHandler(handler: handler)
        source.resume()
        return source
    }
}
