// SPDX-License-Identifier: MIT

import Glibc

/// The `errno` of a program that could not be executed.
struct SpawnError: Error {
    var code: Int32
}

/// Starts a program in a session of its own, with standard input from `/dev/null`.
///
/// - Parameters:
///   - arguments: the program, looked up in the environment's PATH when it holds no slash, and its arguments.
///   - terminal: the path of a terminal that becomes the session's, and all three standard files.
func spawn(
    _ arguments: [String], environment: [String], output: Int32, error: Int32, terminal: String? = nil
) -> Result<pid_t, SpawnError> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let terminal {
        // The first terminal that the leader of a session opens is the session's.
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO)
    } else {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // POSIX_SPAWN_SETSID of <spawn.h>, which shows it to GNU sources only.
    let setsid: Int16 = 0x80
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | setsid)

    // posix_spawnp() searches the caller's PATH, not the new environment's.
    for entry in environment where entry.hasPrefix("PATH=") {
        setenv("PATH", String(entry.dropFirst("PATH=".count)), 1)
    }
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, &argv, &envp)
    return code == 0 ? .success(pid) : .failure(SpawnError(code: code))
}

/// Runs a helper of the image's to its end.
func runAndWait(_ path: String, _ arguments: [String]) throws(InitError) {
    switch spawn([path] + arguments, environment: [], output: STDOUT_FILENO, error: STDERR_FILENO) {
    case .failure(let error): throw InitError("\(path): \(String(cString: strerror(error.code)))")
    case .success(let pid):
        var status: Int32 = 0
        try check("waitpid") { waitpid(pid, &status, 0) }
    }
}
