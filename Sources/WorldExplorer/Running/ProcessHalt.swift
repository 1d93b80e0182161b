// SPDX-License-Identifier: MIT

import Glibc
import TestProcesses

/// A process that has been halted, until ``end()``.
final class ProcessHalt {
    private let peer: Peer
    /// The one that it is frozen in; nil for one that is stopped.
    private let group: ControlGroup?

    init(_ peer: Peer, _ how: Step.Halt) throws {
        self.peer = peer
        switch how {
        case .stopped:
            group = nil
            try peer.stop()
        case .frozen:
            group = try ControlGroup()
            try group!.add(peer.pid)
            try group!.freeze()
        }
    }

    func end() throws {
        if group == nil { return try peer.process.send(SIGCONT) }
        try group!.thaw()
        try group!.release(peer.pid)
    }
}
