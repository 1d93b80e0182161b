// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

// Worlds in which the call has to get at robust list heads first.
extension FaultWorld {
    /// Before each call the processes fork: the child, which stays, makes the call take a fault that copies the page.
    func shareWithForkedHeads(_ layout: PlacedHead.Layout) throws {
        try mapFile()
        for _ in 0..<2 {
            let sharer = try scene.peer()
            // A 32-bit head can only point to memory below 4 GiB.
            let base = try sharer.mapLow(file, length: pageSize)
            let head = try PlacedHead(of: try sharer.startTask(), at: try sharer.mapLow(), layout)
            add(head, at: base + UInt(wordOffset)) { [unowned scene] in _ = try scene.fork(sharer) }
        }
    }

    /// The head lies in a file that its process maps anew before each call, so that the call has to make page tables.
    func shareWithUntouchedHead() throws {
        try share(with: 1)
        let sharer = try scene.peer()
        let word = try sharer.map(file, length: pageSize) + UInt(wordOffset)
        let task = try sharer.startTask()
        let memory = try MemoryFile(name: "head", length: pageSize)
        let mapping = try MemoryMapping(of: memory, length: pageSize)
        let head = UnsafeMutablePointer<crf_robust_list_head>(bitPattern: mapping.address)!
        let operation = Self.operation(on: word)
        beforeEachCall {
            let place = try sharer.mapWithoutPageTables(memory)
            _ = try PlacedHead(of: task, at: place)
            // Not through the process's own mapping, which would be touched by that.
            head.pointee = crf_robust_list_head(
                next: place, futex_offset: PeerTask.defaultFutexOffset, list_op_pending: operation)
        }
        afterEachCall { allCleared, when in
            let found = withExtendedLifetime(mapping) { head.pointee.list_op_pending }
            try Self.judge(found, operation, allCleared, "task \(task.tid), \(when)")
        }
    }

    /// The head lies in hugetlbfs, where the call holds another reference; it wakes in between, and lacks memory for that.
    func shareWithHeadInHugePage() throws {
        try mapFile()
        let reserve = try HugePages(reserving: 1)
        let memory = try MemoryFile(name: "head", length: HugePages.size, flags: crf_mfd_hugetlb)
        let sharer = try scene.peer()
        let word = try sharer.map(file, length: pageSize) + UInt(wordOffset)
        let place = try sharer.map(memory, length: HugePages.size) + UInt(3 * pageSize)
        add(try PlacedHead(of: try sharer.startTask(), at: place), at: word) {
            withExtendedLifetime(reserve) {}
        }
        loseWordBeforeEachCall()
    }
}
