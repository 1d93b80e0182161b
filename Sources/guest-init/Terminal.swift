// SPDX-License-Identifier: MIT

import Glibc
import GuestProtocol

/// The command's terminal: a pseudo terminal, of which init holds the other end.
struct Terminal {
    let master: Int32
    /// The end that the command opens.
    let path: String
    /// Keys that the command has not had room for yet.
    private(set) var pending: [UInt8] = []

    // _IOW('T', 0x31, int) and _IOR('T', 0x30, unsigned int), macros that Swift does not see.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    init(_ window: TerminalWindow) throws(InitError) {
        let master = try check("open /dev/ptmx") {
            open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        }
        var (unlocked, number) = (Int32(0), UInt32(0))
        try check("unlock the terminal") { ioctl(master, Self.setLock, &unlocked) }
        try check("number of the terminal") { ioctl(master, Self.getNumber, &number) }
        self.master = master
        path = "/dev/pts/\(number)"
        set(window)
    }

    /// Does what happened at the user's terminal at this one.
    mutating func take(_ event: TerminalEvent) {
        switch event {
        case .keys(let bytes):
            pending += bytes
            flush()
        case .window(let window): set(window)
        }
    }

    /// Passes on as many keys as there is room for.
    mutating func flush() {
        while !pending.isEmpty {
            let count = write(master, pending, pending.count)
            guard count > 0 else { return }
            pending.removeFirst(count)
        }
    }

    /// The kernel tells the command's processes by SIGWINCH.
    private func set(_ window: TerminalWindow) {
        var size = winsize(ws_row: window.rows, ws_col: window.columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }
}
