// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import TestProcesses

/// The word that was `list_op_pending` of a task until the task gave the memory up. Its process has since stored the
/// same value there, so that a call that only compares would take it for the operation that it has read.
struct ReusedWord {
    private let peer: Peer
    private let address: UInt
    private let layout: PlacedHead.Layout
    private let value: UInt

    /// - Parameter value: the last `list_op_pending` of the head.
    init(of head: PlacedHead, value: UInt) throws {
        peer = head.task.peer
        address = head.address + head.layout.pendingOffset
        layout = head.layout
        self.value = value
        switch layout {
        case .native: try OutsideAccess.store(value, at: address, of: peer.pid)
        case .compat, .x32: try OutsideAccess.store(UInt32(value), at: address, of: peer.pid)
        }
    }

    func expectIntact(_ what: String) throws {
        let observed =
            layout == .native
            ? try OutsideAccess.load(UInt.self, at: address, of: peer.pid)
            : UInt(try OutsideAccess.load(UInt32.self, at: address, of: peer.pid))
        guard observed != value else { return }
        throw CheckError.failed(
            "\(what): expected the 0x\(String(value, radix: 16)) that was stored there, observed"
                + " 0x\(String(observed, radix: 16))")
    }
}

extension Check {
    /// A task's operation is read by a call, which is held; the task ends its operation and gives the head's memory
    /// up, which its process uses for something else: the call must leave that alone.
    ///
    /// - Parameters:
    ///   - start: makes the task, of the peer that is to use the memory again.
    ///   - giveUp: the step of the task while the call is held, with no operation pending any more.
    static func leavesReusedMemory(
        _ scene: Scene, _ place: StaleHeadPlace, flags: CleanupFlags = [], _ what: String,
        start: (Peer) throws -> PeerTask, giveUp: (PlacedHead) throws -> Void
    ) throws {
        let (peer, calling, word, own) = try place.arrange(scene)
        let page = try PlacedHead.memory(for: place.layout, in: peer)
        let head = try PlacedHead(of: try start(peer), at: page + 0x40, place.layout)
        try head.enterWindow(at: word)
        let value = try head.pending()
        let call = try HeldCall(by: calling, on: own, flags: flags)
        try head.set(pending: 0, offset: PeerTask.defaultFutexOffset)
        try giveUp(head)
        let reused = try ReusedWord(of: head, value: value)
        try call.finish(scene)
        try reused.expectIntact("the word where list_op_pending of \(what) was")
    }
}

/// The way in which caller and task get the futex word.
struct StaleHeadPlace {
    let layout: PlacedHead.Layout
    private let isShared: Bool

    /// A caller of the task's own process, on private memory.
    static func own(_ layout: PlacedHead.Layout = .native) -> Self {
        Self(layout: layout, isShared: false)
    }

    /// A caller of another process, on memory that both share.
    static func shared(_ layout: PlacedHead.Layout = .native) -> Self {
        Self(layout: layout, isShared: true)
    }

    /// The process of the task, the caller, and the futex word as either has it. Nobody has touched its page.
    func arrange(_ scene: Scene) throws -> (peer: Peer, calling: PeerTask, word: UInt, own: UInt) {
        let peer = try scene.peer()
        guard isShared else {
            let word = try PlacedHead.memory(for: layout, in: peer) + UInt(wordOffset)
            return (peer, try peer.startTask(), word, word)
        }
        let file = try scene.file()
        let page = try PlacedHead.page(of: file, for: layout, in: peer)
        let caller = try scene.peer()
        let own = try caller.map(file, length: pageSize)
        return (peer, try caller.startTask(), page + UInt(wordOffset), own + UInt(wordOffset))
    }
}
