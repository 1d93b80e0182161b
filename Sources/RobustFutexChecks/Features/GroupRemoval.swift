// SPDX-License-Identifier: MIT

import RobustFutex
import TestProcesses

/// Tells whether a control group that was removed is gone although pages that were charged to it are still in use, as
/// the kernel hands them to its parent.
enum GroupRemoval {
    /// - Returns: nil if it is so.
    static func problem() -> String? {
        if let problem = ControlGroup.problem(with: .memory) { return problem }
        do {
            let before = try ControlGroup.dyingGroups()
            let file = try MemoryFile(name: "group", length: pageSize)
            try chargeGroup(for: file)
            do {
                try Deadline.poll(for: "the group", within: .seconds(3) * Deadline.slowness) {
                    try ControlGroup.dyingGroups() <= before
                }
            } catch CheckError.timedOut {
                return "a page of a file keeps the removed control group that it was charged to"
            }
            withExtendedLifetime(file) {}
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// A process in a group of its own is the first to touch the file.
    private static func chargeGroup(for file: borrowing MemoryFile) throws {
        let group = try ControlGroup(.memory)
        let peer = try Peer()
        try group.add(peer.pid)
        let page = try peer.map(file, length: pageSize)
        try peer.store(FutexWord(rawValue: 1), at: page)
        try peer.killAndWait()
        withExtendedLifetime(group) {}
    }
}
