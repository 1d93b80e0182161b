// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage

/// A segment of System V shared memory, removed when the last one has detached it. A process that attached it and was
/// killed stays attached until its memory is freed, which need not be when it has ended.
package final class SysVSegment {
    private let id: Int
    private let length: Int

    package init(length: Int) throws {
        id = try required(
            "shmget",
            crf_syscall6(
                crf_nr_shmget, UInt(IPC_PRIVATE), UInt(length), UInt(IPC_CREAT | 0o600), 0, 0, 0))
        self.length = length
    }

    /// - Returns: the address at which the peer has it.
    @discardableResult
    package func attach(to peer: Peer) throws -> UInt {
        try peer.need("shmat", crf_nr_shmat, UInt(id), 0, 0)
    }

    /// Attaches one page of it to the peer, over what is mapped at `address` there.
    ///
    /// - Parameter offset: of the page, in bytes.
    package func attachPage(at offset: Int, to peer: Peer, over address: UInt) throws {
        // shmat(2) knows whole segments only: this one lies elsewhere for a moment.
        let whole = try attach(to: peer)
        try peer.movePage(whole + UInt(offset), to: address)
        try peer.unmap(whole, length: length)
    }

    /// Opens the memory as a file, by the mapping of it in this process (proc_pid_map_files(5)); as root.
    package func file() throws -> MemoryFile {
        let start = UInt(
            bitPattern: try required("shmat", crf_syscall6(crf_nr_shmat, UInt(id), 0, 0, 0, 0, 0)))
        defer { munmap(UnsafeMutableRawPointer(bitPattern: start), length) }
        return try MemoryFile(mappedAt: start, length: length)
    }

    /// The number of attached processes, by proc_sysvipc(5): `key shmid perms size cpid lpid nattch`.
    package func attachments() throws -> Int {
        for line in try readText("/proc/sysvipc/shm").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 6, fields[1] == "\(id)" { return Int(fields[6]) ?? -1 }
        }
        throw CheckError.broken("/proc/sysvipc/shm does not name segment \(id)")
    }

    deinit {
        _ = crf_syscall6(crf_nr_shmctl, UInt(id), UInt(IPC_RMID), 0, 0, 0, 0)
    }
}

extension MemoryFile {
    /// The file of a mapping of this process, which need not have a name (proc_pid_map_files(5)); as root.
    ///
    /// - Parameter length: of the whole mapping.
    package init(mappedAt start: UInt, length: Int) throws(Errno) {
        let (from, to) = (String(start, radix: 16), String(start + UInt(length), radix: 16))
        try self.init(opening: FilePath("/proc/self/map_files/\(from)-\(to)"))
    }
}
