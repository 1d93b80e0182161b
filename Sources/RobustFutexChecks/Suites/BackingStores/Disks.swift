// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Files and devices with a disk behind them.
extension Check {
    static let disks: [Check] = [
        Check(
            "clearsInExt4File", .backingStores, needs: [.root, .ext4],
            claim: "a lock in a file of an ext4 file system is cleaned up in a process that maps it"
        ) { scene in
            try withExt4 { directory in
                let file = try MemoryFile(creating: directory.appending("lock"), length: pageSize)
                try expect(file, isOn: Int(EXT4_SUPER_MAGIC), "the mount")
                try clears(scene, in: file)
            }
        },

        Check(
            "clearsThroughOverlay", .backingStores, needs: [.root, .overlay],
            claim:
                "a lock in a file of an overlay is cleaned up for who maps the file below it, and the other way"
        ) { scene in
            // Comes from the lower layer; opening it for writing copies it up.
            let overlay = try OverlayDirectory { lower in
                _ = try MemoryFile(creating: lower.appending("lock"), length: pageSize)
            }
            let merged = try MemoryFile(opening: overlay.path.appending("lock"))
            try expect(merged, isOn: Int(OVERLAYFS_SUPER_MAGIC), "the overlay")
            let upper = try MemoryFile(opening: overlay.upper.appending("lock"))
            try clears(scene, in: merged)
            try clears(scene, in: merged, seenAs: upper)
            try clears(scene, in: upper, seenAs: merged)
            withExtendedLifetime(overlay) {}
        },

        Check(
            "clearsInBlockDevice", .backingStores, needs: [.root, .loopDevice],
            claim:
                "a lock in a block device is cleaned up for who opened it by another node, and in no other device"
        ) { scene in
            let disk = try MemoryFile(name: "disk", length: pageSize)
            let device = try LoopDevice(disk)
            let directory = try ScratchDirectory()
            let mount = try MountedFileSystem("tmpfs", at: directory.path)
            let node = mount.path.appending("node")
            try device.makeNode(at: node)
            let otherDisk = try MemoryFile(name: "another disk", length: pageSize)
            let other = try LoopDevice(otherDisk)
            let bystander = try scene.peer(inWindowOf: MemoryFile(opening: other.path), at: wordOffset)
            try clears(scene, in: MemoryFile(opening: device.path), seenAs: MemoryFile(opening: node))
            try scene.expectUntouched(bystander.task, at: bystander.word, "the thread in another device")
        },
    ]
}
