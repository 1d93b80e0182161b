// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

/// The mmap_lock of a peer that nobody else gets: a task waits for a page of FUSE with the lock held for reading, and
/// another one, which is to unmap that page, for the lock. Whoever comes after that one waits, too.
final class HeldMmapLock {
    private let silent: SilentFile

    /// Held on return.
    ///
    /// - Parameter holders: the kind of the two tasks. Processes go on when the peer itself is killed; with threads, nobody
    ///   but the threads of the peer has its address space.
    init(of peer: Peer, by holders: PeerTask.Kind = .vmProcess, in directory: borrowing ScratchDirectory)
        throws
    {
        // A fault lets go of the lock for its first read only, so that one has to fail.
        let silent = try SilentFile(in: directory, failures: 1)
        self.silent = silent
        let page = try peer.map(silent.file, length: pageSize)
        let reader = try peer.startTask(holders)
        let writer = try peer.startTask(holders)
        reader.begin(Int(SYS_access), page, 0)
        try Deadline.poll(for: "the second read of the file of FUSE") { silent.readCount == 2 }
        writer.begin(Int(SYS_munmap), page, UInt(pageSize))
        try Deadline.poll(for: "munmap(2) to wait for the lock") {
            writer.isBlocked(inSyscall: Int(SYS_munmap))
        }
    }

    /// The thread's read of the file fails, and everybody gets the lock in turn.
    func letGo() {
        silent.end()
    }
}
