// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// A segment of System V shared memory, removed when the last one has detached it. A process that attached it and was
/// killed stays attached until its memory is freed, which need not be when it has ended.
final class SysVSegment {
    private let id: Int

    init(length: Int) throws {
        id = try required(
            "shmget",
            crf_syscall6(
                crf_nr_shmget, UInt(IPC_PRIVATE), UInt(length), UInt(IPC_CREAT | 0o600), 0, 0, 0))
    }

    /// - Returns: the address at which the peer has it.
    @discardableResult
    func attach(to peer: Peer) throws -> UInt {
        try peer.need("shmat", crf_nr_shmat, UInt(id), 0, 0)
    }

    /// The number of attached processes, by proc_sysvipc(5): `key shmid perms size cpid lpid nattch`.
    func attachments() throws -> Int {
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
