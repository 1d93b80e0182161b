// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

/// A thread of a peer that is held in exit(2), in the cleanup of its robust list: it has read `list_op_pending` and is
/// at a lock entry of its list, in a file of FUSE that nobody serves. (userfaultfd does not hold who exits.)
final class HeldExit {
    let peer: Peer
    let head: PlacedHead
    private let value: UInt
    private let silent: SilentFile

    /// A thread with an operation pending on the lock at `word` of the peer; held on return.
    init(of peer: Peer, on word: UInt, in directory: borrowing ScratchDirectory) throws {
        self.peer = peer
        let silent = try SilentFile(in: directory)
        self.silent = silent
        let entry = try peer.map(silent.file, length: pageSize) + 64
        let thread = try peer.startTask()
        head = try PlacedHead(of: thread, at: try peer.map(anonymous: .private, length: pageSize) + 0x40)
        value = PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset).rawValue
        try head.set(next: entry, pending: value, offset: PeerTask.defaultFutexOffset)
        thread.begin(Int(SYS_exit), 0)
        try silent.awaitRead(inExitOf: thread)
    }

    /// The thread's read of the file fails, and it goes on.
    func letGo() {
        silent.end()
    }

    func expectUntouched(_ when: String) throws {
        let observed = try OutsideAccess.load(
            UInt.self, at: head.address + head.layout.pendingOffset, of: peer.pid)
        guard observed != value else { return }
        throw CheckError.failed(
            "list_op_pending that the exit had read, \(when): expected 0x\(String(value, radix: 16)), observed"
                + " 0x\(String(observed, radix: 16))")
    }
}
