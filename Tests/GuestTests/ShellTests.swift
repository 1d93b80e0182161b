// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import GuestHarness

/// A shell in the guest, on a terminal that the test plays.
extension WithGuests {
    @Suite struct ShellTests {
        /// The user's side of a pseudo terminal, and what has come out of it.
        private final class Screen {
            let master: FileDescriptor
            let terminal: FileDescriptor
            private var text = ""

            init(columns: UInt16, rows: UInt16) throws {
                master = try FileDescriptor.open("/dev/ptmx", .readWrite, options: [.noFollow])
                // _IOW('T', 0x31, int) and _IOR('T', 0x30, unsigned int), macros that Swift does not see.
                var (unlocked, number) = (Int32(0), UInt32(0))
                try #require(ioctl(master.rawValue, 0x4004_5431, &unlocked) == 0)
                try #require(ioctl(master.rawValue, 0x8004_5430, &number) == 0)
                let file = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
                try #require(file >= 0)
                terminal = FileDescriptor(rawValue: file)
                resize(columns: columns, rows: rows)
            }

            func resize(columns: UInt16, rows: UInt16) {
                var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
                _ = ioctl(terminal.rawValue, UInt(TIOCSWINSZ), &size)
            }

            /// The terminal's settings, in a form that can be compared.
            var settings: [UInt8] {
                var settings = termios()
                tcgetattr(terminal.rawValue, &settings)
                return withUnsafeBytes(of: settings) { Array($0) }
            }

            func type(_ keys: String) throws { try master.writeAll(keys.utf8) }

            /// Waits for `end` and takes all up to it.
            func read(until end: String, limit: Duration = .seconds(60)) throws -> String {
                let deadline = ContinuousClock.now + limit
                while true {
                    if let range = text.range(of: end) {
                        defer { text = String(text[range.upperBound...]) }
                        return String(text[..<range.upperBound])
                    }
                    guard ContinuousClock.now < deadline else {
                        throw HarnessError(
                            "waited \(limit) for '\(end)' on the terminal, which shows: \(text)")
                    }
                    var ready = pollfd(fd: master.rawValue, events: Int16(POLLIN), revents: 0)
                    guard poll(&ready, 1, 1000) > 0 else { continue }
                    var bytes = [UInt8](repeating: 0, count: 4096)
                    let count = try bytes.withUnsafeMutableBytes { try master.read(into: $0) }
                    text += String(decoding: bytes[..<count], as: UTF8.self)
                }
            }
        }

        /// Runs the harness with a shell, and `body` with its terminal and its process.
        private func withShell(
            _ body: @escaping (Screen, pid_t) throws -> Void
        ) async throws -> TerminationStatus {
            let screen = try Screen(columns: 77, rows: 33)
            defer {
                try? screen.master.close()
                try? screen.terminal.close()
            }
            let before = screen.settings
            let result = try await Subprocess.run(
                .path(repository.root.appending(".build/debug/harness")),
                arguments: Arguments(runOnStock + ["--shell"]),
                environment: .inherit.updating(["TERM": "vt100"]), workingDirectory: repository.root,
                input: .fileDescriptor(screen.terminal, closeAfterSpawningProcess: false),
                output: .fileDescriptor(screen.terminal, closeAfterSpawningProcess: false),
                error: .fileDescriptor(screen.terminal, closeAfterSpawningProcess: false)
            ) { execution in
                _ = try screen.read(until: "root@guest", limit: .seconds(150))
                #expect(screen.settings != before)
                // Typed and printed words must not look the same.
                try screen.type("PS1='<''ready>'\r")
                _ = try screen.read(until: "<ready>")
                try body(screen, pid_t(execution.processIdentifier.value))
            }
            try await wait(for: "the terminal's settings to be as they were") { screen.settings == before }
            return result.terminationStatus
        }

        @Test func shellHasTheUsersTerminal() async throws {
            let status = try await withShell { screen, harness in
                try screen.type("stty size; echo $TERM-$(uname -r)\r")
                #expect(try screen.read(until: "<ready>").contains("33 77\r\nvt100-"))

                // The characters in between are edited away.
                try screen.type("echo wro\u{7F}\u{7F}\u{7F}lines-are-$((40+2))-edited\r")
                #expect(try screen.read(until: "<ready>").contains("lines-are-42-edited"))

                try screen.type("trap 'echo window-$(stty size)-now' WINCH; echo s''et\r")
                // bash trips over a trap while it parses PROMPT_COMMAND: it is to wait for keys.
                _ = try screen.read(until: "<ready>")
                screen.resize(columns: 100, rows: 40)
                kill(harness, SIGWINCH)
                _ = try screen.read(until: "window-40 100-now")

                try screen.type("echo sl''eeps; sleep 1000\r")
                _ = try screen.read(until: "sleeps\r\n")
                try screen.type("\u{3}")
                try screen.type("echo still-$((40+2))\r")
                _ = try screen.read(until: "still-42")
                try screen.type("exit 3\r")
                _ = try screen.read(until: "exit\r\n")
            }
            #expect(status == .exited(3))
        }

        @Test(arguments: [SIGTERM, SIGKILL])
        func terminalIsAsItWasAlsoAfterwards(_ signal: Int32) async throws {
            let status = try await withShell { _, harness in kill(harness, signal) }
            #expect(status == (signal == SIGKILL ? .signaled(SIGKILL) : .exited(128 + signal)))
        }
    }
}
