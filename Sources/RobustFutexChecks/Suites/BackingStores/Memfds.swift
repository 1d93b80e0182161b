// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import TestProcesses

/// A kind of memfd that a lock can lie in.
private struct MemfdKind {
    var name: String
    /// Of memfd_create(2).
    var flags: UInt32 = 0
    /// Of F_ADD_SEALS, fcntl(2), before anybody maps it.
    var seals = 0
    /// The same, once all have mapped it.
    var sealsOfMapped = 0

    /// To check one more kind, add it here.
    static let all = [
        MemfdKind(name: "a memfd that cannot be sealed"),
        MemfdKind(name: "a memfd without seals", flags: crf_mfd_allow_sealing),
        MemfdKind(
            name: "a memfd sealed against changes of its size", flags: crf_mfd_allow_sealing,
            seals: CRF_F_SEAL_SHRINK | CRF_F_SEAL_GROW | CRF_F_SEAL_SEAL),
        MemfdKind(
            name: "a memfd sealed against writers to come", flags: crf_mfd_allow_sealing,
            sealsOfMapped: CRF_F_SEAL_FUTURE_WRITE),
    ]
}

extension Check {
    static let memfds: [Check] = [
        Check(
            "clearsInMemfdOfEachKind", .backingStores,
            claim: "a lock in a memfd is cleaned up in a process that maps it, however the memfd is sealed"
        ) { scene in
            for kind in MemfdKind.all {
                do {
                    try clears(scene, inMemfdOf: kind)
                } catch let error as CheckError {
                    throw error.inCase(of: kind.name)
                }
            }
        }
    ]

    private static func clears(_ scene: Scene, inMemfdOf kind: MemfdKind) throws {
        let file = try MemoryFile(name: "lock", length: pageSize, flags: kind.flags)
        try file.seal(kind.seals)
        let own = try MemoryMapping(of: file, length: pageSize)
        let peer = try scene.peer()
        let base = try peer.map(file, length: pageSize)
        try file.seal(kind.sealsOfMapped)
        try clears(scene, from: own.address, in: peer, at: base)
    }
}
