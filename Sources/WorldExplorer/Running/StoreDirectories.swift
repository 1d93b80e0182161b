// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// A directory of an ext4 file system, whose pages are written back, for as long as the value lives.
final class DiskDirectory {
    // Released in this order.
    private let mount: MountedFileSystem
    private let device: LoopDevice
    private let image: MemoryFile
    private let scratch: ScratchDirectory

    init() throws {
        if let problem = Ext4Image.problem() { throw CheckError.broken(problem) }
        image = try Ext4Image.copy()
        device = try LoopDevice(image)
        scratch = try ScratchDirectory()
        mount = try MountedFileSystem("ext4", source: device.path.string, at: scratch.path)
    }

    var path: FilePath { mount.path }
}

/// A block device of the size of a world's file, for one world at a time, with another node for the same device.
final class WorldDevice {
    // Released in this order.
    private let device: LoopDevice
    private let disk: MemoryFile
    private let scratch: ScratchDirectory
    let path: FilePath
    let otherNode: FilePath

    init(length: Int) throws {
        disk = try MemoryFile(name: "disk", length: length)
        device = try LoopDevice(disk)
        scratch = try ScratchDirectory()
        path = device.path
        otherNode = scratch.path.appending("node")
        try device.makeNode(at: otherNode)
    }

    /// Takes the device for a world, for as long as what is returned lives.
    ///
    /// - Returns: nil if another world has it.
    func claim() throws -> Claim? {
        let claim = Claim(try MemoryFile(opening: path))
        return flock(claim.file.descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 ? claim : nil
    }

    final class Claim {
        fileprivate let file: MemoryFile

        fileprivate init(_ file: consuming MemoryFile) { self.file = file }
    }
}
