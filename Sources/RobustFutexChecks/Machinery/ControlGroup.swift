// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage

/// A control group (version 2) of its own, in which processes can be frozen. Removed at the end of its life.
struct ControlGroup: ~Copyable {
    private static let root = FilePath("/sys/fs/cgroup")
    private let path: FilePath

    init() throws {
        path = Self.root.appending("robust-lock-\(getpid())")
        guard mkdir(path.string, 0o755) == 0 else {
            throw CheckError.broken("mkdir \(path): \(Errno(rawValue: errno).name)")
        }
    }

    static func problem() -> String? {
        guard access(root.appending("cgroup.controllers").string, F_OK) == 0 else {
            return "no control groups of version 2 at \(root)"
        }
        return nil
    }

    func add(_ pid: Int32) throws {
        try writeText("\(pid)", to: path.appending("cgroup.procs"))
    }

    /// Everything in it is frozen on return.
    func freeze() throws {
        try writeText("1", to: path.appending("cgroup.freeze"))
        try Deadline.poll(for: "\(path) to be frozen") {
            try readText(path.appending("cgroup.events")).contains("frozen 1")
        }
    }

    func thaw() throws {
        try writeText("0", to: path.appending("cgroup.freeze"))
    }

    deinit {
        // Empty when the last process has been reaped, which is its parent's business.
        try? Deadline.poll(for: "\(path) to be empty", within: .seconds(5)) {
            rmdir(path.string) == 0 || errno != EBUSY
        }
    }
}
