// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import TestProcesses

// Heads in mappings that are not what they look like: of a device, and with page table entries that say less than the
// mapping allows.
extension Check {
    static let oddMappings: [Check] = [
        Check(
            "leavesHeadInMemoryOfDevice", .heads, needs: [.root, .pciMemory],
            claim:
                "a head in a private mapping of a device's memory is left alone without delay; a thread beside it is cleared"
        ) { scene in
            guard let path = PCIMemory.find() else { throw CheckError.broken("no memory of a PCI device") }
            let device = try MemoryFile(opening: path)
            let file = try scene.file()
            let control = try scene.peer(inWindowOf: file, at: wordOffset)
            let page = try control.peer.map(device, length: pageSize, sharing: .private)
            let task = try control.peer.startTask()
            _ = try PlacedHead(of: task, at: page)
            let (_, calling, own) = try caller(scene, sharing: file)
            try scene.cleanupInTime(by: calling, address: own, despite: "a head in the memory of a device")
            try scene.expectCleared(control.task, "the thread beside it")
            // Its exit must not take what the device has there for a list.
            let elsewhere = try control.peer.map(anonymous: .private, length: pageSize)
            _ = try PlacedHead(of: task, at: elsewhere)
        },

        Check(
            "givesBackMmapLockOnceWhenItMakesPageDirty", .heads,
            needs: [.root, .userfaultfd, .faultedHeads],
            claim:
                "a head is cleared whose page is clean and not writable yet; the fault gives back the mmap_lock, the call does not do so again"
        ) { scene in
            let memory = try MemoryFile(name: "head", length: pageSize)
            let file = try scene.file()
            let peer = try scene.peer()
            let word = try peer.map(file, length: pageSize) + UInt(wordOffset)
            let unused = try peer.map(anonymous: .private, length: pageSize)
            let mapper = try peer.startTask()
            let first = try peer.map(memory, length: pageSize)
            let second = try peer.map(memory, length: pageSize)
            // Reads only: by both mappings the page is clean.
            for page in [first, second] { _ = try peer.word(at: page) }
            do {
                // The protection that comes with it stays in the page table when it goes.
                let faults = try UserFault(of: peer)
                try faults.holdWrites(second)
            }
            let head = try PlacedHead(of: try peer.startTask(), at: second + 0x40)
            let operation = PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset)
            try store(operation, inHeadAt: first + 0x40, of: peer)
            let (_, calling, own) = try caller(scene, sharing: file)
            try scene.cleanup(by: calling, address: own)
            mapper.begin(Int(SYS_munmap), unused, UInt(pageSize))
            try scene.expectSoon("munmap(2) of the sharer after the call") { mapper.isIdle }
            try scene.expectCleared(head, "the thread whose head is on a clean page")
        },
    ]
}
