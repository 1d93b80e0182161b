// SPDX-License-Identifier: MIT

import RobustFutex
import TestProcesses

// Operations after a call that did not come to its end.
extension Scene {
    /// The operation on the lock at `word` is gone, or as it was; nothing else has taken its place.
    ///
    /// - Returns: whether it is gone.
    @discardableResult
    func expectClearedOrUntouched(_ task: PeerTask, at word: UInt, _ what: String) throws -> Bool {
        guard try task.pendingOperation() != nil else { return true }
        try expectUntouched(task, at: word, "\(what), not cleared,")
        return false
    }
}
