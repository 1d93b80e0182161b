// SPDX-License-Identifier: MIT

import RobustFutex
import TestProcesses

/// A call of cleanup_robust_list(2) that is held after it has read a pending operation and before it clears it.
///
/// In between the call owes a wake, which has to read the page of the caller's own word. That page is not there, and
/// userfaultfd holds whoever wants it: nothing but the caller waits.
final class HeldCall {
    private let calling: PeerTask
    private let faults: UserFault
    private let page: UInt

    /// Held on return.
    ///
    /// - Parameter word: of the caller, on a page that nobody has touched and that holds nothing else.
    init(by calling: PeerTask, on word: UInt, flags: CleanupFlags = []) throws {
        self.calling = calling
        page = word & ~UInt(pageSize - 1)
        faults = try UserFault(of: calling.peer)
        try faults.holdMissing(page)
        calling.beginCleanup(address: word, flags: flags)
        try faults.awaitEvent("the wake of the call of task \(calling.tid)")
    }

    /// The page comes, and the call goes on.
    func letGo() throws {
        guard !calling.isIdle else { throw CheckError.broken("the call was over before it was let go") }
        try faults.fill(page)
    }

    /// The same, until it sleeps again.
    ///
    /// - Parameter what: the purpose, for messages.
    func letGo(_ scene: Scene, untilItWaits what: String) throws {
        let before = ProcessState.sleepCount(of: calling.tid, in: calling.peer.pid)
        try letGo()
        try Deadline.poll(for: "the call of task \(calling.tid) to leave its wake") {
            calling.isIdle || ProcessState.sleepCount(of: calling.tid, in: calling.peer.pid) != before
        }
        try scene.expectWaiting(calling, what)
    }

    /// The page comes, the call goes on, and has to succeed.
    func finish(_ scene: Scene) throws {
        try letGo()
        try scene.expect(try calling.endOfCall(), 0, "cleanup_robust_list(2) that was held in its wake")
    }
}
