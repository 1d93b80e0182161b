// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex

extension PeerTask {
    /// A system call of the task's own: what the kernel returned, a value or -errno.
    package func syscall(
        _ number: Int, _ arguments: SyscallArgument..., by entry: ctp_entry = CTP_ENTRY_NATIVE
    ) throws -> Int {
        try carryOut(CTP_ORDER_SYSCALL, Self.words(number, arguments, entry))
    }

    /// The same, under way on return.
    package func begin(_ number: Int, _ arguments: SyscallArgument...) {
        give(CTP_ORDER_SYSCALL, Self.words(number, arguments, CTP_ENTRY_NATIVE))
    }

    private static func words(_ number: Int, _ arguments: [UInt], _ entry: ctp_entry) -> [UInt64] {
        let padding = [UInt](repeating: 0, count: 6 - arguments.count)
        return ([UInt(number)] + arguments + padding + [UInt(entry.rawValue)]).map(UInt64.init)
    }

    /// cleanup_robust_list(2) by the task, under way on return.
    package func beginCleanup(address: UInt, length: Int = 4, flags: CleanupFlags = []) {
        give(CTP_ORDER_CLEANUP, [UInt64(address), UInt64(length), UInt64(flags.rawValue)])
    }

    /// The result of what was begun last.
    package func endOfCall(within limit: Duration = Deadline.standard) throws -> Int {
        try result(of: "the end of the call of task \(tid)", within: limit)
    }

    /// Begins to take that much memory for its process, page by page, as far as it gets it.
    package func beginToOccupyMemory(_ bytes: Int) {
        begin(
            Int(SYS_mmap), 0, UInt(bytes), UInt(PROT_READ | PROT_WRITE),
            UInt(MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE), UInt(bitPattern: -1), 0)
    }

    /// Tells whether the task is asleep in a system call of that number.
    package func isBlocked(inSyscall number: Int) -> Bool {
        ProcessState.isBlocked(tid, in: processID, syscall: number)
    }

    /// Begins to make threads or processes, one after another, each of which exits at once.
    package func beginSpawning(_ what: ctp_spawn, count: Int) {
        give(CTP_ORDER_SPAWN, [UInt64(what.rawValue), UInt64(count)])
    }

    /// Begins to make one process of the kind, for which the kernel stores something at `word` of the task.
    package func beginSpawning(_ what: ctp_spawn, storingAt word: UInt) {
        give(CTP_ORDER_SPAWN, [UInt64(what.rawValue), 1, UInt64(word)])
    }

    /// Begins exec of the program that the peer has under `descriptor`; `scratch` is a page of the peer's, of zeroes.
    package func beginExecution(descriptor: UInt, scratch: UInt) throws {
        // One argument, an empty string as the path is; no environment.
        let empty = scratch + 64
        try store(empty, at: scratch)
        begin(crf_nr_execveat, descriptor, empty, scratch, scratch + 8, UInt(CRF_AT_EMPTY_PATH))
    }

    /// Tells whether the exec that was begun has changed the program; an exec that failed is a broken check.
    package func hasExecuted() throws -> Bool {
        guard !isIdle else { throw CheckError.broken("exec of task \(tid): \(resultName(try endOfCall()))") }
        return ProcessState.command(of: tid) != ProcessState.command(of: peer.pid)
    }

    /// Makes threads without a robust list, which exit once the word, which processes may share, is not 0.
    package func spawnWaiters(_ count: Int, on word: UInt) throws {
        let arguments = [UInt64(CTP_SPAWN_WAITERS.rawValue), UInt64(count), UInt64(word)]
        _ = try required("clone(2) of task \(tid)", carryOut(CTP_ORDER_SPAWN, arguments))
    }

    /// Sends the signal to this task, not to its process.
    package func send(_ signal: Int32) throws {
        _ = try required(
            "signal \(signal) to task \(tid)",
            crf_syscall6(crf_nr_tgkill, UInt(processID), UInt(tid), UInt(signal), 0, 0, 0))
    }

    /// Reads the task's memory as an outsider.
    package func load<Value: BitwiseCopyable>(_ type: Value.Type, at address: UInt) throws -> Value {
        try OutsideAccess.load(type, at: address, of: tid)
    }

    /// Writes the task's memory as an outsider.
    package func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt) throws {
        try OutsideAccess.store(value, at: address, of: tid)
    }
}
