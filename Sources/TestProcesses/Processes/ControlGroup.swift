// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage

/// A control group (version 2) of its own, in which processes can be frozen or left without memory. Removed at the
/// end of its life, when controllers that it had to enable are disabled again.
package struct ControlGroup: ~Copyable {
    /// The resource that the kernel is asked to control.
    package enum Controller: String {
        case memory
    }

    private let path: FilePath
    /// The file that enables controllers, and those that it had to enable.
    private let control: FilePath
    private var enabled: [Controller]

    package init(_ controllers: Controller...) throws {
        try self.init(in: Self.requiredRoot(), controllers)
    }

    private init(in root: FilePath, _ controllers: [Controller]) throws {
        control = root.appending("cgroup.subtree_control")
        enabled = []
        // A check that fails can leave its own behind for as long as its processes live.
        path = root.appending("robust-lock-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        guard mkdir(path.string, 0o755) == 0 else {
            throw CheckError.broken("mkdir \(path): \(Errno(rawValue: errno).name)")
        }
        for controller in controllers where try !Self.words(in: control).contains(controller.rawValue) {
            try writeText("+\(controller)", to: control)
            enabled.append(controller)
        }
    }

    /// The mount point of the file system of all groups; nil when it is not mounted.
    private static var root: FilePath? {
        for line in (try? readText("/proc/self/mountinfo"))?.split(separator: "\n") ?? [] {
            let fields = line.split(separator: " ")
            guard let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count,
                fields[separator + 1] == "cgroup2"
            else { continue }
            return FilePath(String(fields[4]))
        }
        return nil
    }

    private static func requiredRoot() throws(CheckError) -> FilePath {
        guard let root else { throw .broken(noRoot) }
        return root
    }

    private static let noRoot = "no control groups of version 2: no cgroup2 file system is mounted"

    private static func words(in path: FilePath) throws -> [String] {
        try readText(path).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    package static func problem() -> String? {
        root == nil ? noRoot : nil
    }

    package static func problem(with controller: Controller) -> String? {
        guard let root else { return noRoot }
        let known = try? words(in: root.appending("cgroup.controllers"))
        return known?.contains(controller.rawValue) == true ? nil : "\(root) has no controller \(controller)"
    }

    package func add(_ pid: Int32) throws {
        try writeText("\(pid)", to: path.appending("cgroup.procs"))
    }

    /// Gives a process back to the group of all.
    package func release(_ pid: Int32) throws {
        try writeText("\(pid)", to: Self.requiredRoot().appending("cgroup.procs"))
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
        try Self.protectFromOOMKiller(pid)
        try writeText("0", to: path.appending("memory.max"))
    }

    /// From now on the out-of-memory killer looks for somebody else, or gives up.
    package static func protectFromOOMKiller(_ pid: Int32) throws {
        try writeText("-1000", to: FilePath("/proc/\(pid)/oom_score_adj"))
    }

    /// The reverse.
    package static func exposeToOOMKiller(_ pid: Int32) throws {
        try writeText("0", to: FilePath("/proc/\(pid)/oom_score_adj"))
    }

    package func unlimitMemory() throws {
        try writeText("max", to: path.appending("memory.max"))
    }

    /// From now on who takes more than that is killed by the out-of-memory killer.
    package func limitMemory(toBytes limit: Int) throws {
        try writeText("\(limit)", to: path.appending("memory.max"))
        // Absent without CONFIG_SWAP.
        try? writeText("0", to: path.appending("memory.swap.max"))
    }

    /// Takes a page from its processes, to swap space if need be; or none.
    package func reclaimPage() {
        try? writeText("\(pageSize)", to: path.appending("memory.reclaim"))
    }

    /// Bytes of the kernel's objects that were allocated for processes in it, once that has settled.
    package func kernelMemory() throws -> Int {
        try settled {
            try ["slab_reclaimable", "slab_unreclaimable", "kernel_stack", "vmalloc"].reduce(0) {
                try $0 + statistic($1)
            }
        }
    }

    /// Bytes of pages of shared memory and memfds that processes in it were the first to touch, once that has settled.
    package func sharedMemory() throws -> Int { try settled { try statistic("shmem") } }

    /// Bytes of page tables of its processes, as far as the kernel has added its processors' counts up.
    package func pageTables() throws -> Int { try statistic("pagetables") }

    /// Bytes that are still charged to it when its processes have ended, without what the kernel keeps in reserve for it.
    package func remainder() throws -> Int {
        let page = try MemoryMapping(anonymous: .private, length: pageSize)
        let cold: Int32 = 20  // MADV_COLD of <linux/mman.h>
        try ProcessorBinding.runOnEachProcessor {
            // Makes the processor let go of pages that are on their way to the lists of what can be reclaimed.
            madvise(UnsafeMutableRawPointer(bitPattern: page.address), pageSize, cold)
            // Makes it give back what it has charged in advance; unlike a limit it kills nobody.
            try writeText("0", to: path.appending("memory.high"))
        }
        let text = try readText(path.appending("memory.current")).filter(\.isNumber)
        guard let bytes = Int(text) else {
            throw CheckError.broken("memory.current of \(path) has '\(text)'")
        }
        return bytes
    }

    /// The kinds of memory that are charged to it, for a message, in bytes; for what memory.stat does not count it says nothing.
    package func kindsOfMemory() throws -> String {
        try [
            "anon", "file", "shmem", "kernel", "kernel_stack", "pagetables", "percpu", "sock", "vmalloc",
            "slab_reclaimable", "slab_unreclaimable",
        ].map { ($0, try statistic($0)) }.filter { $0.1 != 0 }.map { "\($0) \($1)" }.joined(separator: ", ")
    }

    /// Number of groups that were removed, and are kept by what was charged to them or by a reference.
    package static func dyingGroups() throws -> Int {
        try number(named: "nr_dying_descendants", in: requiredRoot().appending("cgroup.stat"))
    }

    /// A value that has stayed the same for longer than the kernel takes to add its processors' counts up, which is two
    /// seconds (FLUSH_TIME in mm/memcontrol.c).
    package func settled<Value: Equatable>(_ read: () throws -> Value) throws -> Value {
        let deadline = Deadline(after: .seconds(30) * Deadline.slowness)
        var (last, since) = (try read(), ContinuousClock.now)
        while ContinuousClock.now - since < .milliseconds(2_500) * Deadline.slowness {
            guard !deadline.hasPassed else { throw CheckError.timedOut("the counts of \(path) to settle") }
            // An idle processor puts that work off (stats_flush_dwork is deferrable): each has to see a tick or two.
            try ProcessorBinding.keepEachProcessorBusy(for: .milliseconds(20))
            let now = try read()
            if now != last { (last, since) = (now, .now) }
        }
        return last
    }

    /// A value that is to fall to `bound`, once it has, or when it has not for longer than a busy machine takes to add its
    /// processors' counts up. Settled before: a count that has yet to be added must not hide what is left.
    package func fallen(to bound: Int, _ read: () throws -> Int) throws -> Int {
        let deadline = Deadline(after: .seconds(20) * Deadline.slowness)
        var value = try read()
        while value > bound, !deadline.hasPassed { value = try read() }
        return value
    }

    private func statistic(_ name: String) throws -> Int {
        try Self.number(named: name, in: path.appending("memory.stat"))
    }

    /// Number of processes in it that the out-of-memory killer has killed.
    package func kills() throws -> Int {
        try Self.number(named: "oom_kill", in: path.appending("memory.events"))
    }

    private static func number(named name: String, in file: FilePath) throws -> Int {
        for line in try readText(file).split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.first == name[...], fields.count == 2, let value = Int(fields[1]) { return value }
        }
        throw CheckError.broken("\(file) has no line for \(name)")
    }

    deinit {
        // Empty when the last process has been reaped, which is its parent's business.
        try? Deadline.poll(for: "\(path) to be empty", within: .seconds(5)) {
            rmdir(path.string) == 0 || errno != EBUSY
        }
        for controller in enabled { try? writeText("-\(controller)", to: control) }
    }
}
