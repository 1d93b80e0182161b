// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

// Allocations and references of a call are charged to the control group of the caller, which forks its sharers itself:
// when they are gone, the group has as much of the kernel's memory as before.
extension Check {
    static let leaks: [Check] = [
        Check(
            "keepsNoMemory", .leaks, needs: [.root, .cgroupMemory],
            claim:
                "calls with several mappings, many sharers and many threads keep no kernel memory, process or address space"
        ) { scene in
            try withChargedCaller(scene) { group, caller, calling in
                // As in each round that counts, before anything is counted: the caller's own page tables stay.
                try callAmongSharers(scene, caller, calling)
                let before = try group.kernelMemory()
                for _ in 0..<leakRounds { try callAmongSharers(scene, caller, calling) }
                try expectNoMore(
                    than: before, in: group, "\(leakRounds * leakCalls) calls, when the sharers have gone")
            }
        },

        Check(
            "keepsNoAddressSpaceItSearchedFor", .leaks, needs: [.root, .cgroupMemory],
            claim:
                "a call that searched for the processes with the address space of its only sharer keeps none"
        ) { scene in
            try withChargedCaller(scene) { group, caller, calling in
                let file = try MemoryFile(name: "leak", length: pageSize)
                let word = try caller.map(file, length: pageSize)
                // Of each, 1.7 KB are charged to the group.
                let calls = 4 * leakSharers
                func callWithSharer() throws {
                    let sharer = try caller.fork()
                    // Two processes with one address space.
                    _ = try sharer.startTask(.vmProcess)
                    try scene.cleanup(by: calling, address: word)
                    try sharer.close()
                }
                // The caller's own page tables stay.
                try callWithSharer()
                let before = try group.kernelMemory()
                for _ in 0..<calls { try callWithSharer() }
                try expectNoMore(
                    than: before, in: group, "\(calls) calls, when the sharers have gone")
            }
        },

        Check(
            "keepsNoFile", .leaks, needs: [.root, .cgroupMemory],
            claim: "a file whose mapping a call was about is gone with its last mapping"
        ) { scene in
            try withChargedCaller(scene) { group, caller, calling in
                let before = try group.sharedMemory()
                for mappings in [1, 2, 40] {
                    let bytes = 2 << 20
                    let file = try MemoryFile(name: "leak", length: bytes)
                    let descriptor = try caller.send(file, mode: O_RDWR)
                    // All of it, by the caller, to whose group it is charged.
                    _ = try caller.need("fallocate(2)", crf_nr_fallocate, descriptor, 0, 0, UInt(bytes))
                    let place = try caller.mapEveryOtherPage(of: file, count: mappings)
                    try scene.cleanup(by: calling, address: place, length: mappings * pageSize)
                    try caller.unmap(place, length: mappings * pageSize)
                    let during = try group.sharedMemory()
                    guard during >= before + bytes else {
                        throw CheckError.broken(
                            "of \(bytes) bytes of a file \(during - before) are charged to the caller's group"
                        )
                    }
                    _ = try caller.need("close(2)", crf_nr_close, descriptor)
                }
                let left = try group.fallen(to: before) { try group.sharedMemory() } - before
                guard left <= 0 else {
                    throw CheckError.failed("\(left) bytes of files are left that nobody has open or mapped")
                }
            }
        },

        Check(
            "keepsNoAddressSpaceItFaultedIn", .leaks, needs: [.faultedHeads],
            claim: "a process whose head a call faulted in has its memory freed when it is killed"
        ) { scene in
            let file = try MemoryFile(name: "head", length: pageSize)
            let own = try MemoryMapping(of: file, length: pageSize)
            try keepsNoAddressSpace(scene, "without a page table entry") { peer in
                try peer.map(file, length: pageSize)
            } before: { peer, page in
                try dropEntry(of: page, in: peer)
            }
            withExtendedLifetime(own) {}
        },

        Check(
            "keepsNoControlGroupItCharged", .leaks,
            needs: [.root, .cgroupMemory, .groupRemoval, .faultedHeads],
            claim:
                "the control group of a process whose head a call faulted in is gone when it was removed"
        ) { scene in
            let before = try ControlGroup.dyingGroups()
            for _ in 0..<leakRounds {
                let group = try ControlGroup(.memory)
                let file = try MemoryFile(name: "head", length: pageSize)
                var owner: Peer?
                try withHead(scene, "without a page table entry") { peer in
                    owner = peer
                    try group.add(peer.pid)
                    return try peer.map(file, length: pageSize)
                } before: {
                    try dropEntry(of: $1, in: $0)
                }
                try owner?.killAndWait()
            }
            try scene.expectSoon("\(leakRounds) control groups that were removed to be freed") {
                try ControlGroup.dyingGroups() <= before
            }
        },

        Check(
            "keepsNoAddressSpaceWithHugetlbPages", .leaks, needs: [.root, .hugetlb, .faultedHeads],
            claim:
                "a process whose head is in a huge page of hugetlbfs has its memory freed when it is killed"
        ) { scene in
            let reserve = try HugePages(reserving: 1)
            let file = try MemoryFile(name: "head", length: HugePages.size, flags: crf_mfd_hugetlb)
            try keepsNoAddressSpace(scene, "in a huge page") { peer in
                try peer.map(file, length: HugePages.size)
            }
            withExtendedLifetime(reserve) {}
        },
    ]

    /// A caller in a group of its own, to which its memory is charged, and the task that makes the calls.
    private static func withChargedCaller(
        _ scene: Scene, _ body: (borrowing ControlGroup, Peer, PeerTask) throws -> Void
    ) throws {
        let group = try ControlGroup(.memory)
        let caller = try scene.peer()
        try group.add(caller.pid)
        try body(group, caller, try caller.startTask())
        try caller.killAndWait()
    }

    /// As ``withHead``; the process is killed after the call.
    private static func keepsNoAddressSpace(
        _ scene: Scene, _ what: String, place: (Peer) throws -> UInt,
        before: (Peer, UInt) throws -> Void = { _, _ in }
    ) throws {
        let segment = try SysVSegment(length: pageSize)
        var owner: Peer?
        try withHead(scene, what) { peer in
            owner = peer
            try segment.attach(to: peer)
            return try place(peer)
        } before: {
            try before($0, $1)
        }
        try owner?.killAndWait()
        try scene.expectSoon("the memory of the process whose head was \(what) to be freed") {
            try segment.attachments() == 0
        }
    }

    private static let leakRounds = 4
    private static let leakSharers = 48
    private static let leakCalls = 400
    /// The per-processor caches of the memory controller may hold less; each leak of a kind is more.
    private static let leakSlack = 96 << 10

    /// Several mappings, more sharers than an array on the stack holds, and more threads with a pending operation,
    /// elsewhere. The sharers are gone at the end.
    private static func callAmongSharers(_ scene: Scene, _ caller: Peer, _ calling: PeerTask) throws {
        let file = try MemoryFile(name: "leak", length: 4 * pageSize)
        let place = try caller.map(anonymous: .private, length: 2 * pageSize)
        try caller.map(file, at: place, length: pageSize)
        try caller.map(file, at: place + UInt(pageSize), offset: 2 * pageSize, length: pageSize)
        let sharers = try (0..<leakSharers).map { _ in try caller.fork() }
        defer { for sharer in sharers { try? sharer.close() } }
        // The array of threads grows more than once, unless the largest comes first.
        for (sharer, threads) in zip(sharers, [20, 40, 60]) {
            for _ in 0..<threads { try sharer.startTask().enterWindow(at: place + 2048) }
        }
        // Two words at the edge, and nothing that is pending.
        let range = place + UInt(pageSize) - 4
        for _ in 0..<leakCalls { try scene.cleanup(by: calling, address: range, length: 8) }
        for sharer in sharers { try sharer.close() }
        try caller.unmap(place, length: 2 * pageSize)
    }

    /// - Parameter after: the part of the check that is over, for messages.
    static func expectNoMore(
        than before: Int, in group: borrowing ControlGroup, _ after: String
    ) throws {
        let left = try group.fallen(to: before + leakSlack) { try group.kernelMemory() } - before
        guard left > leakSlack else { return }
        throw CheckError.failed("\(left) bytes of the kernel's memory are left after \(after)")
    }
}
