// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

// The steps that change mappings.
extension WorldRun {
    func map(in process: Int, _ first: Int, _ count: Int, _ backing: Step.Backing) throws {
        let peer = processes[process].peer
        for page in first..<first + count {
            let there = address(page * Extent.pageBytes, in: process)
            let filePage = { (start: Int) in (start + page - first) % Extent.filePages }
            var mapping: ModelWorld.Mapping
            switch backing {
            case .sharedFile(let file, let start, let writable):
                mapping = .init(
                    memory: .file(file, page: filePage(start)), isWritable: writable, canBecomeWritable: true)
                let attaches = writable && process % 2 == 1 && files[file].segment != nil
                try map(&mapping, by: attaches ? .again : .first, in: peer, at: there)
            case .reopenedFile(let file, let start):
                mapping = .init(
                    memory: .file(file, page: filePage(start)), isWritable: true, canBecomeWritable: true)
                try map(&mapping, by: .again, in: peer, at: there)
            case .readOnlyFile(let file, let start):
                mapping = .init(
                    memory: .file(file, page: filePage(start)), isWritable: false, canBecomeWritable: false)
                try map(&mapping, by: .forReading, in: peer, at: there)
            case .privateFile(let file, _) where files[file].isAnonymousInode:
                // The kernel refuses it.
                continue
            case .privateFile(let file, let start):
                try peer.mapPrivate(
                    files[file].file, at: there, offset: filePage(start) * Extent.pageBytes,
                    length: Extent.pageBytes)
                mapping = .init(
                    memory: model.add(.init(file: (file, filePage(start)))), isWritable: true,
                    canBecomeWritable: true)
            case .anonymous:
                try peer.mapAnonymous(at: there, length: Extent.pageBytes)
                var words: [UInt32]?
                if let accessor = accessor(of: process) {
                    words = Canaries.words(Extent.pageBytes / 4, page)
                    try OutsideAccess.store(all: words!, at: there, of: accessor)
                }
                mapping = .init(
                    memory: model.add(.init(isCopied: words != nil, copies: words.map { [$0] } ?? [])),
                    isWritable: true, canBecomeWritable: true)
            }
            model.spaces[processes[process].space].pages[page] = mapping
        }
    }

    /// A page of a file, shared, as the model has it.
    private func map(
        _ mapping: inout ModelWorld.Mapping, by opening: Stores.Opening, in peer: Peer, at address: UInt
    ) throws {
        guard case .file(let file, let page) = mapping.memory else { return }
        if files[file].isAnonymousInode { mapping.openFile = opening }
        try files[file].map(
            by: opening, offset: page * Extent.pageBytes, length: Extent.pageBytes,
            isWritable: mapping.isWritable, in: peer, at: address)
    }

    func protect(_ page: Int, in process: Int, _ isWritable: Bool) throws {
        guard let mapping = model.spaces[processes[process].space].pages[page], mapping.canBecomeWritable
        else { return }
        try processes[process].peer.protect(
            address(page * Extent.pageBytes, in: process), length: Extent.pageBytes,
            isWritable ? [.read, .write] : [.read])
        model.spaces[processes[process].space].pages[page]?.isWritable = isWritable
    }

    func move(_ from: Int, _ to: Int, in process: Int) throws {
        let space = processes[process].space
        guard from != to, from < Extent.arenaPages, to < Extent.arenaPages,
            let mapping = model.spaces[space].pages[from]
        else { return }
        try processes[process].peer.movePage(
            address(from * Extent.pageBytes, in: process), to: address(to * Extent.pageBytes, in: process))
        model.spaces[space].pages[from] = nil
        model.spaces[space].pages[to] = mapping
    }

    func mapHuge(in process: Int, _ access: Step.Access) throws {
        let (peer, there) = (processes[process].peer, address(Extent.huge.lowerBound, in: process))
        var mapping: ModelWorld.Mapping?
        if access == .absent {
            try peer.unmap(there, length: Extent.huge.count)
        } else {
            let isWritable = access == .writable
            // By two open files: they are the same memory.
            try files[Extent.hugeFile].map(
                by: process % 2 == 0 ? .first : .again, offset: 0, length: Extent.huge.count,
                isWritable: isWritable, in: peer, at: there)
            mapping = .init(
                memory: .file(Extent.hugeFile, page: 0), isWritable: isWritable, canBecomeWritable: true)
        }
        model.spaces[processes[process].space].huge = mapping
    }

    /// The arena, and the heads. The kernel may leave a page where it is, which is no error.
    func pageOut(_ process: Int) throws {
        let space = model.spaces[processes[process].space]
        var pages = space.pages.indices.filter { space.pages[$0] != nil }.map {
            address($0 * Extent.pageBytes, in: process)
        }
        if space.headPage != .absent { pages.append(address(Extent.headPage, in: process)) }
        for task in tasks.indices where owner(of: task) == process && model.tasks[task].isAlive {
            pages.append(tasks[task].headAddress & ~UInt(Extent.pageBytes - 1))
        }
        let pageOut: UInt = 21  // MADV_PAGEOUT
        for page in pages {
            let result = try processes[process].peer.syscall(
                crf_nr_madvise, page, UInt(Extent.pageBytes), pageOut)
            guard result == 0 || result == -Int(EINVAL) else {
                _ = try required("madvise(MADV_PAGEOUT)", result)
                return
            }
        }
    }
}
