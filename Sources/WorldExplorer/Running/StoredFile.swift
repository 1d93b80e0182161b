// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// A file of a world, with its descriptor for reading only, and that of the file opened again.
final class StoredFile {
    let file: MemoryFile
    let readOnly: MemoryFile
    let reopened: MemoryFile
    /// The segment that it is.
    let segment: SysVSegment?
    private let claim: WorldDevice.Claim?
    /// Memory of an anonymous inode, not of a file that can be opened again, read or written.
    let isAnonymousInode: Bool
    /// Of the file with a huge page, as one of hugetlbfs can be read but not written by write(2), and of an anonymous inode.
    private let mapping: MemoryMapping?
    /// The address of that; a value that cannot be copied cannot be bound in a class.
    private let mappingStart: UInt?
    /// The part that words are in, in bytes.
    let window: Range<Int>

    /// A small one, of the kind asked for if that is there, else a memfd.
    init(_ kind: Stores.Small, _ means: WorldMeans) throws {
        let length = Extent.filePages * Extent.pageBytes
        let name = "world-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        var segment: SysVSegment?
        var claim: WorldDevice.Claim?
        isAnonymousInode = kind == .bpfArray && means.hasBPF
        switch kind {
        case .bpfArray where means.hasBPF:
            file = try BPFArray.create(length: length)
            reopened = try BPFArray.reopen(file)
        case .ext4 where means.disk != nil:
            let path = means.disk!.path.appending(name)
            file = try MemoryFile(creating: path, length: length)
            reopened = try MemoryFile(reopening: file)
            unlink(path.string)
        case .overlay where means.overlay != nil:
            let path = means.overlay!.path.appending(name)
            file = try MemoryFile(creating: path, length: length)
            reopened = try MemoryFile(opening: means.overlay!.upper.appending(name))
            unlink(path.string)
        case .sharedAnonymous where means.opensMappings:
            let memory = try MemoryMapping(anonymous: .shared, length: length)
            file = try MemoryFile(mappedAt: memory.address, length: length)
            reopened = try MemoryFile(reopening: file)
        case .segment where means.opensMappings:
            segment = try SysVSegment(length: length)
            file = try segment!.file()
            reopened = try MemoryFile(reopening: file)
        case .blockDevice:
            if let (device, claimed) = try means.claimDevice() {
                claim = claimed
                file = try MemoryFile(opening: device.path)
                reopened = try MemoryFile(opening: device.otherNode)
            } else {
                fallthrough
            }
        default:
            file = try MemoryFile(name: "world", length: length)
            reopened = try MemoryFile(reopening: file)
        }
        if isAnonymousInode {
            readOnly = try BPFArray.reopen(file)
            let mapping = try MemoryMapping(of: file, length: length)
            mappingStart = mapping.address
            self.mapping = consume mapping
        } else {
            readOnly = try MemoryFile(readOnly: file)
            mapping = nil
            mappingStart = nil
        }
        self.segment = segment
        self.claim = claim
        window = 0..<length
    }

    /// That of one huge page.
    init(_ kind: Stores.Huge) throws {
        let hugePages: UInt32 = 4  // MFD_HUGETLB
        file = try MemoryFile(
            name: "world", length: Extent.huge.count, flags: kind == .hugetlb ? hugePages : 0)
        readOnly = try MemoryFile(readOnly: file)
        reopened = try MemoryFile(reopening: file)
        segment = nil
        claim = nil
        let mapping = try MemoryMapping(of: file, length: Extent.huge.count)
        mappingStart = mapping.address
        isAnonymousInode = false
        self.mapping = consume mapping
        window =
            Extent.hugeWindow.lowerBound * Extent.pageBytes..<Extent.hugeWindow.upperBound * Extent.pageBytes
        if kind == .transparent { try makeHuge() }
    }

    /// Collects the small pages of the file into a huge one.
    private func makeHuge() throws {
        // It needs a mapping at a multiple of the size.
        let room = try MemoryMapping(anonymous: .private, length: 2 * Extent.huge.count)
        let place = HugePages.place(atOrAbove: room.address)
        let collapse: Int32 = 25  // MADV_COLLAPSE
        guard
            mmap(
                UnsafeMutableRawPointer(bitPattern: place), Extent.huge.count, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_FIXED, file.descriptor.rawValue, 0) != MAP_FAILED
        else { throw CheckError.broken("mmap of a huge page: \(Errno(rawValue: errno).name)") }
        let pages = UnsafeMutableRawPointer(bitPattern: place)!
        memset(pages, 0, Extent.huge.count)
        guard madvise(pages, Extent.huge.count, collapse) == 0 else {
            throw CheckError.broken("madvise(MADV_COLLAPSE): \(Errno(rawValue: errno).name)")
        }
    }

    /// Maps a part of it, shared, over what a process has at an address. A segment is attached instead of opened again, a page
    /// at a time.
    func map(
        by opening: Stores.Opening, offset: Int, length: Int, isWritable: Bool, in peer: Peer,
        at address: UInt
    ) throws {
        let protection: MemoryMapping.Protection = isWritable ? [.read, .write] : [.read]
        switch opening {
        case .first where isAnonymousInode:
            // A map of BPF that is mapped for reading only stays so (bpf_map_mmap() in kernel/bpf/syscall.c).
            try peer.map(file, at: address, offset: offset, length: length)
            if !isWritable { try peer.protect(address, length: length, protection) }
        case .first:
            try peer.map(file, at: address, offset: offset, length: length, protection: protection)
        case .again:
            if let segment { return try segment.attachPage(at: offset, to: peer, over: address) }
            try peer.map(reopened, at: address, offset: offset, length: length, protection: protection)
        case .forReading:
            try peer.map(readOnly, at: address, offset: offset, length: length, protection: protection)
        }
    }

    /// The words of the window.
    func words() throws -> [UInt32] {
        if let mappingStart {
            let start = UnsafeRawPointer(bitPattern: mappingStart + UInt(window.lowerBound))!
            return Array(
                UnsafeRawBufferPointer(start: start, count: window.count).bindMemory(to: UInt32.self))
        }
        let descriptor = file.descriptor
        return try [UInt32](unsafeUninitializedCapacity: window.count / 4) { buffer, initialized in
            let read = try descriptor.read(
                fromAbsoluteOffset: Int64(window.lowerBound), into: UnsafeMutableRawBufferPointer(buffer))
            initialized = read / 4
        }
    }

    /// The word at a byte of the window.
    func word(at byte: Int) throws -> UInt32 { try words()[(byte - window.lowerBound) / 4] }

    /// The first word of the window that is not as in `expected`, which has the whole file; nil if all are.
    func firstDifference(from expected: [UInt32]) throws -> (index: Int, found: UInt32)? {
        let found = try words()
        let difference = expected.withUnsafeBytes { expected in
            found.withUnsafeBytes {
                memcmp($0.baseAddress!, expected.baseAddress! + window.lowerBound, window.count)
            }
        }
        guard difference != 0 else { return nil }
        let first = window.lowerBound / 4
        let place = found.indices.first { found[$0] != expected[first + $0] }!
        return (first + place, found[place])
    }

    /// Tells whether the rest of the file, which is 0, is not.
    func isChangedOutsideWindow() throws -> Bool {
        guard let mappingStart, !isAnonymousInode else { return false }
        let all = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(bitPattern: mappingStart), count: Extent.huge.count)
        func isZero(_ part: Slice<UnsafeRawBufferPointer>) -> Bool {
            let part = UnsafeRawBufferPointer(rebasing: part)
            return part.isEmpty
                || part[0] == 0 && memcmp(part.baseAddress!, part.baseAddress! + 1, part.count - 1) == 0
        }
        return !isZero(all[..<window.lowerBound]) || !isZero(all[window.upperBound...])
    }

    /// Gives all words of the window a value.
    func fill(_ words: [UInt32]) throws {
        try words.withUnsafeBytes { bytes in
            if let mappingStart {
                UnsafeMutableRawPointer(bitPattern: mappingStart + UInt(window.lowerBound))!.copyMemory(
                    from: bytes.baseAddress!, byteCount: bytes.count)
            } else {
                _ = try file.descriptor.writeAll(toAbsoluteOffset: Int64(window.lowerBound), bytes)
            }
        }
    }

    func write(_ value: UInt32, at byte: Int) throws {
        if let mappingStart {
            let word = UnsafeMutablePointer<UInt32>(bitPattern: mappingStart + UInt(byte))!
            return FutexCell(word).store(FutexWord(rawValue: value))
        }
        _ = try withUnsafeBytes(of: value) { try file.descriptor.writeAll(toAbsoluteOffset: Int64(byte), $0) }
    }
}
