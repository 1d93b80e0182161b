// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// A memory cgroup (version 2) with so little memory that the out-of-memory killer comes soon, and only for
/// processes in it. Removed with this value.
final class MemoryCgroup {
    private static let limit = 16 << 20

    private let directory: FilePath
    /// The group whose memory controller had to be enabled for it, which is undone.
    private var enabledIn: FilePath?

    /// - Throws: ``CannotRun`` without the right to make one, or without the controller.
    init() throws {
        guard let root = try Self.mountPoint() else {
            throw CannotRun("no cgroup2 file system is mounted, in which a memory limit could be set")
        }
        let control = root.appending("cgroup.subtree_control")
        directory = root.appending("robust-race-\(getpid())")
        guard
            try readText(root.appending("cgroup.controllers")).split(separator: " ").contains(where: {
                $0.trimmed == "memory"
            })
        else { throw CannotRun("the cgroup2 file system at \(root) has no memory controller") }
        if try !readText(control).split(separator: " ").contains(where: { $0.trimmed == "memory" }) {
            try Self.write("+memory", to: control)
            enabledIn = control
        }
        guard mkdir(directory.string, 0o755) == 0 || errno == EEXIST else {
            throw CannotRun(
                "no memory cgroup can be made in \(root): \(Errno(rawValue: errno).name); needs root")
        }
        try Self.write("\(Self.limit)", to: directory.appending("memory.max"))
        // Absent without CONFIG_SWAP.
        try? Self.write("0", to: directory.appending("memory.swap.max"))
    }

    func add(_ pid: Int32) throws {
        try Self.write("\(pid)", to: directory.appending("cgroup.procs"))
    }

    /// Number of processes that the OOM killer has killed here.
    func kills() throws -> Int {
        let events = try readText(directory.appending("memory.events"))
        for line in events.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.first == "oom_kill", fields.count == 2 { return Int(fields[1]) ?? 0 }
        }
        throw CheckError.broken("\(directory)/memory.events has no line for oom_kill")
    }

    private static func mountPoint() throws -> FilePath? {
        for line in try readText("/proc/self/mountinfo").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count,
                fields[separator + 1] == "cgroup2"
            else { continue }
            return FilePath(String(fields[4]))
        }
        return nil
    }

    private static func write(_ text: String, to path: FilePath) throws {
        do {
            let file = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec])
            _ = try file.closeAfter { try file.writeAll(text.utf8) }
        } catch let error as Errno {
            throw CannotRun("\(path) cannot be written: \(error.name); a memory cgroup needs root")
        }
    }

    deinit {
        rmdir(directory.string)
        if let enabledIn { try? Self.write("-memory", to: enabledIn) }
    }
}

extension Substring {
    fileprivate var trimmed: Substring { prefix { !$0.isWhitespace } }
}
