// SPDX-License-Identifier: MIT

import Foundation

/// A process that gives a terminal its settings back when the harness is killed and cannot do so itself.
struct TerminalKeeper {
    private let process: pid_t
    /// Closed by the kernel when the harness is gone.
    private let alive: Int32

    /// In a session of its own, to which no signal of the terminal goes.
    private static let script = "read -r _ || stty -F \"$1\" \"$2\""

    /// Keeps the settings that the terminal `file` has now; nil when there is no way to.
    init?(of file: Int32) {
        guard let name = ttyname(file).map({ String(cString: $0) }), let settings = Self.settings(of: name)
        else {
            return nil
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        defer { close(ends[0]) }
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        let arguments = ["sh", "-c", Self.script, "sh", name, settings]
        guard let process = Self.spawn(arguments, input: ends[0], output: nil) else {
            close(ends[1])
            return nil
        }
        self.process = process
        alive = ends[1]
    }

    /// Ends the process, which then does nothing.
    func dismiss() {
        write(alive, "\n", 1)
        close(alive)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
    }

    /// As `stty` reads them again.
    private static func settings(of terminal: String) -> String? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        let process = spawn(["stty", "-F", terminal, "-g"], input: nil, output: ends[1])
        close(ends[1])
        let output = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readDataToEndOfFile()
        guard let process else { return nil }
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        let text = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return status == 0 && !text.isEmpty ? text : nil
    }

    private static func spawn(_ arguments: [String], input: Int32?, output: Int32?) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (file, target) in [(input, STDIN_FILENO), (output, STDOUT_FILENO)] {
            if let file {
                posix_spawn_file_actions_adddup2(&actions, file, target)
            } else {
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            }
        }
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID of <spawn.h>, which shows it to GNU sources only.
        posix_spawnattr_setflags(&attributes, 0x80)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        return posix_spawnp(&process, arguments[0], &actions, &attributes, &words, environ) == 0
            ? process : nil
    }
}
