// SPDX-License-Identifier: MIT

import Foundation
import Synchronization

/// The host's end of a guest's serial console, whose log QEMU writes itself.
///
/// Output is read and thrown away for as long as QEMU runs: the log gets only what somebody takes, and a guest prints to
/// its very end. Thread-safe.
final class GuestConsole: Sendable {
    /// The part of the console that the thread that reads it shares; -1 for what is closed, which happens under the lock.
    private final class Line: Sendable {
        let files: Mutex<(listener: Int32, connection: Int32)>

        init(listener: Int32) {
            files = Mutex((listener, -1))
        }

        func serve(_ listener: Int32) {
            defer {
                files.withLock {
                    for file in [$0.listener, $0.connection] where file >= 0 { close(file) }
                    $0 = (-1, -1)
                }
            }
            guard let connection = PortSocket.accept(listener) else { return }
            files.withLock { $0.connection = connection }
            var bytes = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(connection, &bytes, bytes.count)
                if count == 0 || (count < 0 && errno != EINTR) { return }
            }
        }
    }

    private let line: Line

    /// Starts to listen, and a thread that ends with QEMU or with this value.
    ///
    /// - Parameter run: names the run, see ``PortSocket``.
    init(run: String) throws {
        let listener = try PortSocket(consoleOf: run).listen()
        let line = Line(listener: listener)
        self.line = line
        Thread.detachNewThread { line.serve(listener) }
    }

    deinit {
        line.files.withLock {
            for file in [$0.listener, $0.connection] where file >= 0 { shutdown(file, Int32(SHUT_RDWR)) }
        }
    }

    /// Sends a break on the line, and a key: sysrq, where the kernel has it. The multiplexer of QEMU's character device
    /// takes C-a b for a break.
    func sendBreak(andThen key: Character) {
        let bytes: [UInt8] = [1, UInt8(ascii: "b")] + Array(String(key).utf8)
        line.files.withLock {
            guard $0.connection >= 0 else { return }
            _ = Glibc.send($0.connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }
}
