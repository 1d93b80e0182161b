// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import TestProcesses

/// Threads in the race window of one lock, whose robust list heads lie in memory that this process maps, too: so it sees
/// with plain loads how far a call has come, while it runs, and whether anything else has changed.
final class Crowd {
    /// With the lock on its second page; the threads do not map the first one.
    let file: MemoryFile
    static let lockPage = pageSize
    private(set) var peers: [Peer] = []
    private let lock: MemoryMapping
    private let heads: MemoryMapping
    /// The place where each thread has the futex word, which tells what its operation looks like.
    private var words: [UInt] = []
    private var before: [UInt] = []

    /// Bytes of the heads' memory for each thread; those around the head belong to nobody.
    private static let slotBytes = 128
    private static let headOffset = 48
    private static let canary = UInt.max / 15 * 12
    private static let bytesOfWord = MemoryLayout<UInt>.size

    /// - Parameters:
    ///   - start: makes a process.
    ///   - threads: of each process. That of every fourth one of a single thread is outside of its process's group.
    init(processes: Int, threads: Int = 1, start: () throws -> Peer) throws {
        let length = (processes * threads * Self.slotBytes + pageSize - 1) / pageSize * pageSize
        let headFile = try MemoryFile(name: "heads", length: length)
        file = try MemoryFile(name: "robust-lock", length: Self.lockPage + pageSize)
        lock = try MemoryMapping(of: file, offset: Self.lockPage, length: pageSize)
        heads = try MemoryMapping(of: headFile, length: length)
        for number in 0..<processes {
            let peer = try start()
            peers.append(peer)
            let word = try peer.map(file, offset: Self.lockPage, length: pageSize) + UInt(wordOffset)
            let base = try peer.map(headFile, length: length)
            for _ in 0..<threads {
                let task = try peer.startTask(threads == 1 && number % 4 == 3 ? .vmProcess : .thread)
                let place = base + UInt(words.count * Self.slotBytes + Self.headOffset)
                // By way of the process: it has the page, too, from now on.
                try PlacedHead(of: task, at: place).enterWindow(at: word)
                words.append(word)
            }
        }
        before = Self.contents(of: heads)
        for index in before.indices where before[index] == 0 { before[index] = Self.canary }
        for number in words.indices { before[pendingIndex(number)] = operation(of: number) }
    }

    var count: Int { words.count }

    /// All threads are in the window, and everything else in their memory has a content that is known.
    func enterWindow() {
        Self.fill(heads, before)
        Self.fill(lock, [UInt](repeating: Self.canary, count: pageSize / Self.bytesOfWord))
        lock.cell(at: wordOffset).store(.unlocked)
    }

    /// The operation of the thread of that number is gone by now.
    func isCleared(_ number: Int) -> Bool {
        crf_load_pointer(UnsafePointer(bitPattern: heads.address)! + pendingIndex(number)) == 0
    }

    /// Each operation is gone or as it was, and nothing else has changed.
    ///
    /// - Returns: the number of those that are left.
    func expectNothingElseChanged(_ when: String) throws -> Int {
        let now = Self.contents(of: heads)
        var expected = before
        var left = words.count
        for number in words.indices where now[pendingIndex(number)] == 0 {
            expected[pendingIndex(number)] = 0
            left -= 1
        }
        if now != expected, let index = now.indices.first(where: { now[$0] != expected[$0] }) {
            throw CheckError.failed(
                "byte \(index * Self.bytesOfWord % Self.slotBytes) around a head (list_op_pending is byte"
                    + " \(Self.headOffset + 16)) \(when): expected 0x\(String(expected[index], radix: 16)),"
                    + " observed 0x\(String(now[index], radix: 16))")
        }
        guard lock.cell(at: wordOffset).load() == .unlocked,
            Self.contents(of: lock).count(where: { $0 != Self.canary }) == 1
        else { throw CheckError.failed("the page of the lock has changed \(when)") }
        return left
    }

    /// Maps a range in the peer at the end of which is the page of the lock; before it are so many mappings of the page
    /// before that one, and pages of the peer's own between them. A call needs memory for each of these mappings, and
    /// looks through all of them for each operation.
    func mapRange(in peer: Peer, mappings: Int) throws -> (address: UInt, length: Int) {
        let stride = 2 * pageSize
        let length = mappings * stride + pageSize
        let base = try peer.map(anonymous: .private, length: length)
        try peer.map(file, length: pageSize, times: mappings, at: base, stride: stride)
        try peer.map(file, at: base + UInt(mappings * stride), offset: Self.lockPage, length: pageSize)
        return (base, length)
    }

    /// Makes the call, which has to end the operations of all threads.
    func cleanup(_ scene: Scene, _ when: String) throws {
        try scene.cleanup(lock.cell(at: wordOffset))
        try scene.expect(try expectNothingElseChanged(when), 0, "operations left \(when)")
    }

    private func operation(of number: Int) -> UInt {
        PendingOperation(futexWord: words[number], futexOffset: PeerTask.defaultFutexOffset).rawValue
    }

    private func pendingIndex(_ number: Int) -> Int {
        let offset = number * Self.slotBytes + Self.headOffset + Int(PlacedHead.Layout.native.pendingOffset)
        return offset / Self.bytesOfWord
    }

    private static func fill(_ memory: borrowing MemoryMapping, _ words: [UInt]) {
        words.withUnsafeBytes {
            UnsafeMutableRawPointer(bitPattern: memory.address)!.copyMemory(
                from: $0.baseAddress!, byteCount: $0.count)
        }
    }

    private static func contents(of memory: borrowing MemoryMapping) -> [UInt] {
        let start = UnsafePointer<UInt>(bitPattern: memory.address)
        return Array(UnsafeBufferPointer(start: start, count: memory.length / bytesOfWord))
    }
}
