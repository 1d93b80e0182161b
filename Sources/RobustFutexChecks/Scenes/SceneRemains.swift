// SPDX-License-Identifier: MIT

import RobustFutex
import TestProcesses

// Operations after a call that did not come to its end.
extension Scene {
    /// The operation on the lock at `word` is gone, or as it was; nothing else has taken its place.
    ///
    /// - Returns: true if it is gone.
    @discardableResult
    func expectClearedOrUntouched(_ task: PeerTask, at word: UInt, _ what: String) throws -> Bool {
        guard try task.pendingOperation() != nil else { return true }
        try expectUntouched(task, at: word, "\(what), not cleared,")
        return false
    }

    /// The copy of the head in the memory of a child of its process, which has not registered it.
    func expectCopy(of head: PlacedHead, in child: Int32, toHave expected: UInt) throws {
        let place = head.address + head.layout.pendingOffset
        let observed = try OutsideAccess.load(UInt.self, at: place, of: child)
        guard observed != expected else { return }
        throw CheckError.failed(
            "the child's copy: expected 0x\(String(expected, radix: 16)), observed 0x\(String(observed, radix: 16))"
        )
    }
}
