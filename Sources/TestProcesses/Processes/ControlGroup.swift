// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage

/// A control group (version 2) of its own, in which processes can be frozen or left without memory. Removed at the
/// end of its life.
package struct ControlGroup: ~Copyable {
    /// The resource that the kernel is asked to control.
    package enum Controller: String {
        case memory
    }

    private static let root = FilePath("/sys/fs/cgroup")
    private let path: FilePath

    package init(_ controllers: Controller...) throws {
        // A check that fails can leave its own behind for as long as its processes live.
        path = Self.root.appending("robust-lock-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        guard mkdir(path.string, 0o755) == 0 else {
            throw CheckError.broken("mkdir \(path): \(Errno(rawValue: errno).name)")
        }
        // They stay enabled: other groups can need them by now.
        for controller in controllers {
            try writeText("+\(controller)", to: Self.root.appending("cgroup.subtree_control"))
        }
    }

    package static func problem() -> String? {
        guard access(root.appending("cgroup.controllers").string, F_OK) == 0 else {
            return "no control groups of version 2 at \(root)"
        }
        return nil
    }

    package static func problem(with controller: Controller) -> String? {
        if let problem = problem() { return problem }
        let known = (try? readText(root.appending("cgroup.controllers")))?.split(
            whereSeparator: \.isWhitespace)
        return known?.contains(Substring(controller.rawValue)) == true
            ? nil : "\(root) has no controller \(controller)"
    }

    package func add(_ pid: Int32) throws {
        try writeText("\(pid)", to: path.appending("cgroup.procs"))
    }

    /// Everything in it is frozen on return.
    package func freeze() throws {
        try writeText("1", to: path.appending("cgroup.freeze"))
        try Deadline.poll(for: "\(path) to be frozen") {
            try readText(path.appending("cgroup.events")).contains("frozen 1")
        }
    }

    package func thaw() throws {
        try writeText("0", to: path.appending("cgroup.freeze"))
    }

    /// From now on nothing can be charged to it, and nobody is killed for that: a process that tries in a system call
    /// is told ENOMEM, one that touches a new page of its own hangs.
    ///
    /// - Parameter pid: the one process in it.
    package func exhaustMemory(of pid: Int32) throws {
        let notToBeKilled = "-1000"
        try writeText(notToBeKilled, to: FilePath("/proc/\(pid)/oom_score_adj"))
        try writeText("0", to: path.appending("memory.max"))
    }

    package func unlimitMemory() throws {
        try writeText("max", to: path.appending("memory.max"))
    }

    deinit {
        // Empty when the last process has been reaped, which is its parent's business.
        try? Deadline.poll(for: "\(path) to be empty", within: .seconds(5)) {
            rmdir(path.string) == 0 || errno != EBUSY
        }
    }
}
