// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// Robust list heads of a world's tasks in one file that all its processes map, a place for each task: one of 64 bits, and
/// one of 32 bits behind it.
final class HeadFile {
    private let file: MemoryFile
    /// The segment that it is.
    private let segment: SysVSegment?
    /// The contents that it must have.
    private var expected: [UInt8]
    private var withCompat: Set<Int> = []
    /// Those whose lists are not empty.
    private var holders: Set<Int> = []
    /// The tasks whose heads have been written here.
    private var (written, writtenCompat): (Set<Int>, Set<Int>) = ([], [])

    /// Tells whether 64-bit tasks can have heads of 32 bits beside their own.
    static let hasCompat = crf_has_int80() == 1
    /// Tells whether they can register them by the x32 ABI, too.
    static let hasX32 =
        crf_syscall6(Int(CRF_X32_BIT) | crf_nr_getpid, 0, 0, 0, 0, 0, 0) == Int(getpid())

    init(_ kind: Stores.Heads) throws {
        switch kind {
        case .memfd:
            segment = nil
            file = try MemoryFile(name: "world-heads", length: Extent.pageBytes)
        case .segment:
            segment = try SysVSegment(length: Extent.pageBytes)
            file = try segment!.file()
        }
        expected = Canaries.words(Extent.pageBytes / 4, 0).withUnsafeBytes(Array.init)
        _ = try file.descriptor.writeAll(toAbsoluteOffset: 0, expected)
    }

    /// - Parameter base: of the process's arena.
    func map(_ state: Step.Access, in peer: Peer, at base: UInt) throws {
        let address = base + UInt(Extent.headPage)
        if state == .absent { return try peer.unmap(address, length: Extent.pageBytes) }
        let protection: MemoryMapping.Protection = state == .writable ? [.read, .write] : [.read]
        guard let segment else {
            return try peer.map(file, at: address, length: Extent.pageBytes, protection: protection)
        }
        try segment.attachPage(at: 0, to: peer, over: address)
        try peer.protect(address, length: Extent.pageBytes, protection)
    }

    private func offset(of task: Int) -> Int { task * Extent.headBytes }

    private func address(of task: Int, _ base: UInt) -> UInt {
        base + UInt(Extent.headPage + offset(of: task))
    }

    private func offsetOfHead(of task: Int) -> Int { offset(of: task) + Extent.head(of: task) }

    /// Of the head that is not of 32 bits.
    private func addressOfHead(of task: Int, _ base: UInt) -> UInt {
        address(of: task, base) + UInt(Extent.head(of: task))
    }

    /// The task's head is here from now on, without an operation.
    func register(_ task: PeerTask, _ number: Int, of base: UInt) throws {
        _ = try hold(nil, number, of: base)
        _ = try PlacedHead(of: task, at: addressOfHead(of: number, base))
    }

    /// The task's list has this word, or none; no operation is pending.
    ///
    /// - Returns: the offset from the entry to the word, which is that of a pending operation as well.
    func hold(_ word: UInt?, _ task: Int, of base: UInt) throws -> Int {
        let entry = address(of: task, base) + UInt(Extent.listEntry)
        let futexOffset = word.map { Int(bitPattern: $0 &- entry) } ?? PeerTask.defaultFutexOffset
        holders.remove(task)
        if word != nil {
            holders.insert(task)
            try put(addressOfHead(of: task, base), at: offset(of: task) + Extent.listEntry)
        }
        try set(0, futexOffset: futexOffset, task, of: base)
        return futexOffset
    }

    /// Registers the head of 32 bits as well, the first time. Every other task does so by the x32 ABI, where there is one.
    func registerCompat(_ task: PeerTask, _ number: Int, of base: UInt) throws {
        guard withCompat.insert(number).inserted else { return }
        let address = address(of: number, base) + UInt(Extent.compatHead)
        _ = try PlacedHead(of: task, at: address, Self.hasX32 && number % 2 == 1 ? .x32 : .compat)
    }

    func set(_ pending: UInt, futexOffset: Int, _ task: Int, of base: UInt) throws {
        written.insert(task)
        let next =
            holders.contains(task)
            ? address(of: task, base) + UInt(Extent.listEntry) : addressOfHead(of: task, base)
        try put(
            crf_robust_list_head(next: next, futex_offset: futexOffset, list_op_pending: pending),
            at: offsetOfHead(of: task))
    }

    func setCompat(_ pending: UInt32, futexOffset: Int, _ task: Int, of base: UInt) throws {
        writtenCompat.insert(task)
        try put(
            crf_compat_robust_list_head(
                next: UInt32(address(of: task, base)) + UInt32(Extent.compatHead),
                futex_offset: Int32(truncatingIfNeeded: futexOffset), list_op_pending: pending),
            at: offset(of: task) + Extent.compatHead)
    }

    private func put<Value: BitwiseCopyable>(_ value: Value, at offset: Int) throws {
        try withUnsafeBytes(of: value) { bytes in
            expected.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            _ = try file.descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
        }
    }

    func pending(_ task: Int) throws -> UInt { try load(UInt.self, at: offsetOfHead(of: task) + 16) }

    func compatPending(_ task: Int) throws -> UInt32 {
        try load(UInt32.self, at: offset(of: task) + Extent.compatHead + 8)
    }

    private func load<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) throws -> Value {
        try contents().withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }

    private func contents() throws -> [UInt8] {
        let descriptor = file.descriptor
        return try [UInt8](unsafeUninitializedCapacity: Extent.pageBytes) { buffer, initialized in
            initialized = try descriptor.read(
                fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Says what the pointers of a task must be now; all else stays as it was written.
    func expect(_ pending: UInt, compat: UInt32, _ task: Int) {
        expected.withUnsafeMutableBytes {
            if written.contains(task) {
                $0.storeBytes(of: pending, toByteOffset: offsetOfHead(of: task) + 16, as: UInt.self)
            }
            if writtenCompat.contains(task) {
                $0.storeBytes(
                    of: compat, toByteOffset: offset(of: task) + Extent.compatHead + 8, as: UInt32.self)
            }
        }
    }

    /// The first place where the contents are not as they must be; nil if they are.
    func difference() throws -> String? {
        let found = try contents()
        guard let place = found.firstDifference(from: expected) else { return nil }
        return
            "byte \(place % Extent.headBytes) of task \(place / Extent.headBytes)'s heads in the file is \(found[place]), the model has \(expected[place])"
    }
}
