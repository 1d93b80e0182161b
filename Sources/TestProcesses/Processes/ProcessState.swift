// SPDX-License-Identifier: MIT

import CRobustFutex
import FoundationEssentials
import Glibc
import RobustFutex
import SystemPackage

/// The state of a task according to /proc. `nil` everywhere: there is no such task (any more).
package enum ProcessState {
    /// The state letter of proc_pid_stat(5): R, S, D, T, t, Z, X.
    package static func letter(of tid: Int32, in pid: Int32) -> Character? {
        guard let stat = try? readText(FilePath("/proc/\(pid)/task/\(tid)/stat")) else { return nil }
        // The command's name, in parentheses, may itself contain anything.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        return stat[end...].dropFirst(2).first
    }

    /// Tells whether the task has entered exit(2), by `PF_EXITING` among the flags of proc_pid_stat(5); true as well
    /// when it is gone.
    package static func isExiting(_ tid: Int32, in pid: Int32) -> Bool {
        guard let stat = try? readText(FilePath("/proc/\(pid)/task/\(tid)/stat")),
            let end = stat.lastIndex(of: ")")
        else { return true }
        // The state is field 3, the first after the name; the flags are field 9.
        let fields = stat[end...].dropFirst(2).split(separator: " ")
        let exiting: UInt = 0x4
        return fields.count > 6 && UInt(fields[6]).map { $0 & exiting != 0 } ?? false
    }

    /// The id here of a task that knows itself by `tid`: another one when it is in another pid namespace.
    ///
    /// - Parameter pid: its process; nil for one that is in this namespace.
    static func visibleID(of tid: Int32, in pid: Int32?) throws(CheckError) -> Int32 {
        guard let pid, letter(of: tid, in: pid) == nil else { return tid }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        for candidate in names.compactMap({ Int32($0) }) {
            let status = (try? readText(FilePath("/proc/\(pid)/task/\(candidate)/status"))) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") } ?? ""
            if line.split(whereSeparator: \.isWhitespace).last == "\(tid)" { return candidate }
        }
        throw .broken("process \(pid) has no task that calls itself \(tid)")
    }

    /// Number of threads of the process.
    package static func threadCount(of pid: Int32) throws -> Int {
        let status = try readText(FilePath("/proc/\(pid)/status"))
        let line = status.split(separator: "\n").first { $0.hasPrefix("Threads:") } ?? ""
        guard let count = line.split(whereSeparator: \.isWhitespace).last.flatMap({ Int($0) }) else {
            throw CheckError.broken("/proc/\(pid)/status does not say how many threads there are")
        }
        return count
    }

    /// The number of times that the task has gone to sleep; nil when it is gone.
    package static func sleepCount(of tid: Int32, in pid: Int32) -> Int? {
        let status = (try? readText(FilePath("/proc/\(pid)/task/\(tid)/status"))) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
        return line?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) }
    }

    /// Tells whether the task uses an address space: no more from some point of its exit on.
    package static func hasMemory(_ tid: Int32, in pid: Int32) -> Bool {
        let status = (try? readText(FilePath("/proc/\(pid)/task/\(tid)/status"))) ?? ""
        return status.split(separator: "\n").contains { $0.hasPrefix("VmSize:") }
    }

    /// The name of the program that the task runs, as exec sets it.
    package static func command(of tid: Int32) -> String? {
        try? readText(FilePath("/proc/\(tid)/comm"))
    }

    /// Tells whether the task is blocked in the system call of that number.
    package static func isBlocked(_ tid: Int32, in pid: Int32, syscall number: Int) -> Bool {
        let line = (try? readText(FilePath("/proc/\(pid)/task/\(tid)/syscall"))) ?? ""
        return line.split(separator: " ").first == "\(number)"
    }

    /// Tells whether the task is blocked in futex(2) on the word at `address`, by /proc/PID/task/TID/syscall:
    /// `NUMBER ARGUMENTS… SP PC` of a blocked task, in hexadecimal but for the number.
    ///
    /// - Parameter again: in a wait that began anew because a signal or the freezer interrupted it: restart_syscall(2).
    static func isBlockedInFutex(_ tid: Int32, in pid: Int32, at address: UInt, again: Bool = false) -> Bool {
        guard let line = try? readText(FilePath("/proc/\(pid)/task/\(tid)/syscall")) else { return false }
        let fields = line.split(separator: " ")
        return fields.count > 1 && fields[0] == "\(again ? Int(SYS_restart_syscall) : crf_nr_futex)"
            && fields[1] == "0x" + String(address, radix: 16)
    }

    /// Tells whether the process still runs: false for a zombie, too.
    package static func isAlive(_ pid: Int32) -> Bool {
        guard let letter = letter(of: pid, in: pid) else { return false }
        return letter != "Z" && letter != "X"
    }
}
