// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// Worlds in which the call has to collect mappings, processes and threads.
extension FaultWorld {
    /// The caller and other processes share a file; threads of the others are in the window of a lock in its first page.
    ///
    /// - Parameter mappings: in how many pieces the caller has it mapped.
    func share(
        mappings: Int = 1, with sharers: Int, threads: Int = 1, _ kind: PeerTask.Kind = .thread,
        isPI: Bool = false
    ) throws {
        try mapFile(mappings)
        for _ in 0..<sharers { try addSharer(threads: threads, kind, isPI: isPI) }
    }

    /// The caller's part of that.
    func mapFile(_ mappings: Int = 1) throws {
        let length = mappings * pageSize
        try file.descriptor.resize(to: Int64(length))
        guard mappings > 1 else {
            range = (try peer.map(file, length: length), length)
            return
        }
        let base = try peer.map(anonymous: .private, length: length)
        range = (base, length)
        for page in 0..<mappings {
            // In an order in which they do not merge.
            try peer.map(
                file, at: base + UInt(page * pageSize), offset: (mappings - 1 - page) * pageSize,
                length: pageSize)
        }
    }

    /// A process that has the file mapped, and its threads.
    func addSharer(threads: Int, _ kind: PeerTask.Kind = .thread, isPI: Bool = false) throws {
        let sharer = try scene.peer()
        let word = try sharer.map(file, length: pageSize) + UInt(wordOffset)
        for _ in 0..<threads { add(try sharer.startTask(kind), at: word, isPI: isPI) }
    }

    /// Another process is in exec before each call, which waits for that.
    func shareWithExec() throws {
        try share(with: 1)
        beforeEachCall { [unowned self] in
            let exec = try HeldExec(scene, sharing: file)
            duringNextCall {
                try exec.expectUntouched("during the call")
                try exec.letGo()
                // One for each call: they would become many.
                try exec.peer.close()
            }
        }
    }

    /// Children of a process inherit its mapping, and have no threads: the call visits all of them.
    func addChildren(_ count: Int) throws {
        let parent = try scene.peer()
        _ = try parent.map(file, length: pageSize)
        for _ in 0..<count { _ = try scene.fork(parent) }
    }

    /// A process with threads in the window of a lock that the file has elsewhere: the call has to collect them for a look.
    func addGroup(of threads: Int) throws {
        let sharer = try scene.peer()
        let offset = Int(range.length)
        try file.descriptor.resize(to: Int64(offset + pageSize))
        let elsewhere = try sharer.map(file, length: offset + pageSize) + UInt(offset + wordOffset)
        for _ in 0..<threads { try add(try sharer.startTask(), elsewhere: elsewhere) }
    }

    /// The caller and threads of its own process have memory to themselves.
    func shareNothing(threads: Int) throws {
        range = (try peer.map(anonymous: .private, length: pageSize), pageSize)
        for _ in 0..<threads { add(try peer.startTask(), at: word) }
    }

    /// A thread sleeps on the word, and a thread in the window owes it the wake.
    func shareWithWaiter() throws {
        try share(with: 1)
        let sharer = try scene.peer()
        let word = try sharer.map(file, length: pageSize) + UInt(wordOffset)
        let waiter = try sharer.startTask()
        beforeEachCall { if waiter.isIdle { try waiter.beginWait(at: word) } }
        afterEachCall { [unowned scene] allCleared, when in
            // After an error it sleeps on, or was woken in vain.
            guard allCleared else { return }
            try scene.expect(try waiter.waitResult(), 0, "futex(2) of the waiter, \(when)")
        }
    }

    /// The caller's mapping is without page tables before each call, and the page is not in the file.
    func loseWordBeforeEachCall() {
        beforeEachCall { [unowned self] in
            try file.descriptor.resize(to: 0)
            try file.descriptor.resize(to: Int64(pageSize))
            if range.length > 0 { try peer.unmap(range.address, length: range.length) }
            range = (try peer.mapWithoutPageTables(file), pageSize)
        }
    }
}
