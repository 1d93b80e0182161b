// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// A value as a system call takes it.
package typealias SyscallArgument = UInt

extension Peer {
    /// A system call of the peer's own: what the kernel returned, a value or -errno.
    package func syscall(_ number: Int, _ arguments: SyscallArgument...) throws -> Int {
        try connection.request(CTP_REQUEST_SYSCALL, ([UInt(number)] + arguments).map(UInt64.init))
    }

    /// A system call of the peer's own that has to succeed.
    @discardableResult
    package func need(_ what: String, _ number: Int, _ arguments: SyscallArgument...) throws -> UInt {
        let result = try connection.request(
            CTP_REQUEST_SYSCALL, ([UInt(number)] + arguments).map(UInt64.init))
        return UInt(bitPattern: try required("\(what) in peer \(pid)", result))
    }

    /// Private memory below 4 GiB, where heads of 32 bits have their place.
    package func mapLow(length: Int = pageSize) throws -> UInt {
        let flags = UInt(MAP_PRIVATE | MAP_ANONYMOUS | crf_map_32bit)
        return try need(
            "mmap below 2 GiB", Int(SYS_mmap), 0, UInt(length), UInt(PROT_READ | PROT_WRITE), flags,
            UInt(bitPattern: -1), 0)
    }

    /// A shared mapping of the file below 4 GiB.
    package func mapLow(_ file: borrowing MemoryFile, length: Int) throws -> UInt {
        let arguments = [length, Int(PROT_READ | PROT_WRITE), Int(MAP_SHARED | crf_map_32bit), 0, 0]
        let address = try connection.request(
            CTP_REQUEST_MAP, arguments.map(UInt64.init), descriptors: [file.descriptor.rawValue])
        return UInt(bitPattern: try required("mmap below 2 GiB in peer \(pid)", address))
    }

    /// A shared mapping of the file's first page in a gigabyte of its own: who touches it needs page tables first.
    package func mapWithoutPageTables(_ file: borrowing MemoryFile) throws -> UInt {
        let gigabyte: UInt = 1 << 30
        let flags = UInt(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
        let reserved = try need(
            "mmap of 2 GiB", Int(SYS_mmap), 0, 2 * gigabyte, UInt(PROT_NONE), flags, UInt(bitPattern: -1), 0)
        let address = (reserved + gigabyte - 1) & ~(gigabyte - 1)
        try map(file, at: address, length: pageSize)
        return address
    }

    /// Maps the start of `file`, shared, `count` times: anywhere, or over what is mapped `stride` bytes apart.
    package func map(
        _ file: borrowing MemoryFile, length: Int, times count: Int, at address: UInt = 0, stride: Int = 0
    ) throws {
        let made = try connection.request(
            CTP_REQUEST_MAP_MANY, [UInt64(length), UInt64(count), UInt64(address), UInt64(stride)],
            descriptors: [file.descriptor.rawValue])
        _ = try required("\(count) mappings in peer \(pid)", made)
    }

    /// Moves a page to another address, over what is mapped there (mremap(2)).
    package func movePage(_ address: UInt, to other: UInt) throws {
        let flags: UInt = 3  // MREMAP_MAYMOVE | MREMAP_FIXED
        try need("mremap", Int(SYS_mremap), address, UInt(pageSize), UInt(pageSize), flags, other)
    }

    /// Gives the peer a descriptor of the file's; the number that it has there.
    package func send(_ file: borrowing MemoryFile, mode: Int32 = O_RDONLY) throws -> UInt {
        // The peer's own way to it: descriptors that come with requests are closed with them.
        let path = try map(anonymous: .private, length: pageSize)
        let text = "/proc/\(getpid())/fd/\(file.descriptor.rawValue)"
        _ = try required(
            "path in peer \(pid)",
            text.withCString { crf_write_memory(pid, path, $0, strlen($0) + 1) })
        return try need("open of \(text)", Int(SYS_open), path, UInt(mode | O_CLOEXEC))
    }

    /// Opens a file of the kind in the peer; its number there.
    package func open(_ kind: ctp_own_memory) throws -> UInt {
        let number = try connection.request(CTP_REQUEST_OPEN_MEMORY, [UInt64(kind.rawValue)])
        return UInt(try required("a file with memory of its own in peer \(pid)", number))
    }

    /// Maps such a file, shared.
    package func mapOwnMemory(_ descriptor: UInt) throws -> UInt {
        try need(
            "mmap of a file with memory of its own", Int(SYS_mmap), 0, UInt(CTP_OWN_MEMORY_BYTES),
            UInt(PROT_READ | PROT_WRITE), UInt(MAP_SHARED), descriptor)
    }

    /// The process is that of user nobody from now on, and so are tasks that it starts.
    package func becomeNobody() throws {
        let nobody: UInt = 65534
        try need("setresgid", crf_nr_setresgid, nobody, nobody, nobody)
        try need("setresuid", crf_nr_setresuid, nobody, nobody, nobody)
    }

    package func protect(_ address: UInt, length: Int, _ protection: MemoryMapping.Protection) throws {
        try need("mprotect", crf_nr_mprotect, address, UInt(length), UInt(protection.rawValue))
    }

    package func advise(_ address: UInt, length: Int, _ advice: Int32) throws {
        try need("madvise \(advice)", crf_nr_madvise, address, UInt(length), UInt(advice))
    }

    /// From now on the peer's first thread runs on this processor only, one of the first 64.
    package func run(onProcessor number: Int) throws {
        let mask = try map(anonymous: .private, length: pageSize)
        try store(FutexWord(rawValue: UInt32(truncatingIfNeeded: 1 << number)), at: mask)
        try store(FutexWord(rawValue: UInt32(truncatingIfNeeded: (1 << number) >> 32)), at: mask + 4)
        try need("sched_setaffinity", Int(SYS_sched_setaffinity), 0, 8, mask)
        try unmap(mask, length: pageSize)
    }

    /// Counts the signal from now on; how often it has come so far.
    @discardableResult
    package func countSignal(_ signal: Int32) throws -> Int {
        try required(
            "handler of signal \(signal) in peer \(pid)",
            connection.request(CTP_REQUEST_COUNT_SIGNAL, [UInt64(signal)]))
    }

    /// From now on SIGALRM comes to the task, a thread of the peer, once in each period; where the counts are.
    package func beginTicks(of task: PeerTask, every period: Duration) throws -> UInt {
        let counts = try map(anonymous: .private, length: pageSize)
        let nanoseconds = UInt64(period.components.attoseconds / 1_000_000_000)
        let result = try connection.request(
            CTP_REQUEST_TICKS, [UInt64(task.tid), nanoseconds, UInt64(counts)])
        _ = try required("interval timer in peer \(pid)", result)
        return counts
    }

    /// The count so far of the handler of ``beginTicks(of:every:)``.
    package func ticks(at counts: UInt) throws -> ctp_ticks {
        try OutsideAccess.load(ctp_ticks.self, at: counts, of: pid)
    }

    /// Turns the process into one of 32 bits, whose one task shares `file` (under a descriptor of its own) and carries
    /// out nothing but system calls.
    package func become32Bit(sharing file: borrowing MemoryFile) throws -> PeerTask {
        let program = try Program.compat.file()
        let slotNumber = tasks.count
        guard slotNumber == 0 else { throw CheckError.broken("peer \(pid) has tasks, which exec would end") }
        let descriptors = [program.descriptor, board.file.descriptor, file.descriptor].map(\.rawValue)
        if let error = try connection.requestOrEnd(CTP_REQUEST_EXECUTE, descriptors: descriptors) {
            throw CheckError.broken("exec of 32-bit code in peer \(pid): \(resultName(error))")
        }
        return adopt(try PeerTask(executedIn: self, slot: board.slot(slotNumber)))
    }
}
