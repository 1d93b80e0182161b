// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Kinds of memory that a lock can lie in. The checks of the other groups use anonymous shared memory and memfds.
// Each check makes sure that the memory is of the kind that it names.
extension Check {
    static let backingStores: [Check] = [
        Check(
            "clearsInPOSIXSharedMemory", .backingStores,
            claim: "a lock in an object of shm_open(3) is cleaned up in a process that maps it"
        ) { scene in
            let name = "/robust-lock-\(getpid())"
            let file = try MemoryFile(creating: FilePath("/dev/shm\(name)"), length: pageSize)
            defer { shm_unlink(name) }
            try expect(file, isOn: Int(TMPFS_MAGIC), "/dev/shm")
            try clears(scene, in: file)
        },

        Check(
            "clearsInSysVSharedMemory", .backingStores,
            claim: "a lock in a segment of shmget(2) is cleaned up in another process that attached it"
        ) { scene in
            let segment = try SysVSegment(length: pageSize)
            let peers = try (0..<2).map { _ in try scene.peer() }
            let bases = try peers.map { try segment.attach(to: $0) }
            try clears(scene, by: peers[0].startTask(), at: bases[0], in: peers[1], at: bases[1])
        },

        Check(
            "clearsInTmpfsFile", .backingStores, needs: [.root],
            claim: "a lock in a file of a mounted tmpfs is cleaned up in a process that maps it"
        ) { scene in
            let directory = try ScratchDirectory()
            let mount = try MountedFileSystem("tmpfs", at: directory.path)
            let file = try MemoryFile(creating: mount.path.appending("lock"), length: pageSize)
            try expect(file, isOn: Int(TMPFS_MAGIC), "the mount")
            try clears(scene, in: file)
        },

        Check(
            "clearsInHugetlbMemfd", .backingStores, needs: [.root, .hugetlb],
            claim:
                "a lock in a memfd of huge pages is cleaned up, where it does not lie in the first small page"
        ) { scene in
            let reserve = try HugePages(reserving: 2)
            let file = try MemoryFile(name: "huge", length: 2 * HugePages.size, flags: crf_mfd_hugetlb)
            try expect(file, isOn: Int(HUGETLBFS_MAGIC), "the memfd")
            try clears(scene, in: file, length: 2 * HugePages.size, at: HugePages.size + 5 * pageSize)
            withExtendedLifetime(reserve) {}
        },

        Check(
            "clearsInHugetlbfsFile", .backingStores, needs: [.root, .hugetlb],
            claim: "a lock in a file of hugetlbfs is cleaned up for who maps it from another offset"
        ) { scene in
            let reserve = try HugePages(reserving: 2)
            let directory = try ScratchDirectory()
            let mount = try MountedFileSystem("hugetlbfs", at: directory.path, options: "pagesize=2M")
            let file = try MemoryFile(creating: mount.path.appending("lock"), length: 2 * HugePages.size)
            try expect(file, isOn: Int(HUGETLBFS_MAGIC), "the mount")
            let own = try MemoryMapping(of: file, length: 2 * HugePages.size)
            let peer = try scene.peer()
            let base = try peer.map(file, offset: HugePages.size, length: HugePages.size)
            let offset = 7 * pageSize
            try clears(
                scene, from: own.address + UInt(HugePages.size + offset), in: peer, at: base + UInt(offset))
            withExtendedLifetime(reserve) {}
        },

        Check(
            "clearsInHugePageOfSharedMemory", .backingStores, needs: [.root, .hugeShmem],
            claim: "a lock in shared memory that is mapped by a transparent huge page is cleaned up"
        ) { scene in
            let policy = try HugeShmem("force")
            // An address space gets a huge entry only where the alignment allows it.
            let length = 2 * HugePages.size
            let file = try MemoryFile(name: "huge", length: length)
            let peers = try (0..<2).map { _ in try scene.peer() }
            let bases = try peers.map { peer in
                let base = try peer.map(file, length: length)
                let aligned = HugePages.place(atOrAbove: base)
                return (aligned, Int(aligned - base))
            }
            guard bases.allSatisfy({ $0.1 == bases[0].1 }) else {
                throw CheckError.broken("the processes map the file at different distances from a huge page")
            }
            for (peer, base) in zip(peers, bases) {
                try peer.store(FutexWord(rawValue: 0), at: base.0)
                guard try MappingSizes.kibibytes("ShmemPmdMapped", at: base.0, in: peer.pid) ?? 0 > 0 else {
                    throw CheckError.broken(
                        "peer \(peer.pid) has no huge page at 0x\(String(base.0, radix: 16))")
                }
            }
            let offset = UInt(9 * pageSize)
            try clears(
                scene, by: peers[0].startTask(), at: bases[0].0 + offset, in: peers[1],
                at: bases[1].0 + offset)
            withExtendedLifetime(policy) {}
        },

        Check(
            "clearsInPrivateMemoryOfProcessSharingIt", .backingStores,
            claim: "a lock in private memory is cleaned up in a clone(CLONE_VM) process without any flag, too"
        ) { scene in
            let caller = try scene.peer()
            let word = try caller.map(anonymous: .private, length: pageSize) + UInt(wordOffset)
            let sharer = try caller.startTask(.vmProcess)
            try sharer.enterWindow(at: word)
            try scene.cleanup(by: try caller.startTask(), address: word)
            try scene.expectCleared(sharer, "the process that shares the caller's memory")
        },

        Check(
            "clearsInPrivateMappingOfFileForItsOwner", .backingStores,
            claim:
                "a lock in a private mapping of a file is its process's own: cleaned up there, nowhere else"
        ) { scene in
            let file = try scene.file()
            let caller = try scene.peer()
            let word = try caller.map(file, length: pageSize, sharing: .private) + UInt(wordOffset)
            let thread = try caller.startTask()
            try thread.enterWindow(at: word)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            try scene.cleanup(by: try caller.startTask(), address: word)
            try scene.expectCleared(thread, "the caller's other thread")
            try scene.expectUntouched(
                sibling.task, at: sibling.word, "the sibling that shares the file itself")
        },

        Check(
            "clearsBeyondFourGibibytesOfFile", .backingStores,
            claim: "an offset above 4 GiB is told from the same offset modulo 4 GiB"
        ) { scene in
            let far = 5 << 30
            let file = try MemoryFile(name: "sparse", length: far + pageSize)
            let own = try MemoryMapping(of: file, offset: far, length: pageSize)
            let peer = try scene.peer()
            let words = try [far, far & 0xffff_ffff].map { offset in
                try peer.map(file, offset: offset, length: pageSize) + UInt(wordOffset)
            }
            let tasks = try words.map { word in
                let task = try peer.startTask()
                try task.enterWindow(at: word)
                return task
            }
            try scene.cleanup(own.cell(at: wordOffset))
            try scene.expectCleared(tasks[0], "the thread on the word above 4 GiB")
            try scene.expectUntouched(tasks[1], at: words[1], "the thread 4 GiB below it")
        },
    ]
}
