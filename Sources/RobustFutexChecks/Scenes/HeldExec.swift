// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

/// A process that shares a peer's memory and is held in exec, in the cleanup of its robust list: it has read
/// `list_op_pending` and is at a lock entry of its list, on a page that userfaultfd holds back. The peer lives on.
final class HeldExec {
    let peer: Peer
    /// The futex word of the lock in the file, in the peer.
    let word: UInt
    let head: PlacedHead
    private let value: UInt
    private let faults: UserFault
    private let page: UInt

    /// Held on return.
    ///
    /// - Parameters:
    ///   - file: with the lock, `wordOffset` bytes from its start.
    ///   - headOffset: of the head in two pages.
    ///   - choose: the futex word that the pending operation is on, given the peer and the lock's; nil for none.
    init(
        _ scene: Scene, sharing file: borrowing MemoryFile, _ layout: PlacedHead.Layout = .native,
        headOffset: UInt = 0x40, operationOn choose: (Peer, UInt) throws -> UInt? = { $1 }
    ) throws {
        let peer = try scene.peer()
        word = try PlacedHead.page(of: file, for: layout, in: peer) + UInt(wordOffset)
        // Before the task is made: it gets a copy of the descriptors.
        let program = try peer.send(try Program.native.file())
        let scratch = try peer.map(anonymous: .private, length: pageSize)
        page = try PlacedHead.memory(for: layout, in: peer)
        let executor = try peer.startTask(.vmProcess)
        let headMemory = try PlacedHead.memory(for: layout, in: peer, pages: 2)
        head = try PlacedHead(of: executor, at: headMemory + headOffset, layout)
        value =
            try choose(peer, word).map {
                PendingOperation(futexWord: $0, futexOffset: PeerTask.defaultFutexOffset).rawValue
            } ?? 0
        try head.set(next: page + 64, pending: value, offset: PeerTask.defaultFutexOffset)
        faults = try UserFault(of: peer)
        try faults.holdMissing(page)
        try executor.beginExecution(descriptor: program, scratch: scratch)
        try faults.awaitEvent("exec of task \(executor.tid) to reach the held lock entry")
        self.peer = peer
    }

    /// The exec's fault is served, and it goes on.
    func letGo() throws {
        try faults.fill(page)
    }

    /// The page where the head begins, in the memory that the executing process is about to leave.
    var headPage: UInt { head.address & ~UInt(pageSize - 1) }

    /// `list_op_pending` in that memory is what the exec has read.
    func expectUntouched(_ when: String) throws {
        let place = head.address + head.layout.pendingOffset
        let observed =
            head.layout == .native
            ? try OutsideAccess.load(UInt.self, at: place, of: peer.pid)
            : UInt(try OutsideAccess.load(UInt32.self, at: place, of: peer.pid))
        guard observed != value else { return }
        throw CheckError.failed(
            "list_op_pending that the exec had read, \(when): expected 0x\(String(value, radix: 16)), observed"
                + " 0x\(String(observed, radix: 16))")
    }
}
