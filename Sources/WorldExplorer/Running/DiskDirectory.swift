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

    /// Nil where there can be one.
    static func problem() -> String? {
        guard geteuid() == 0 else { return "it needs root" }
        return Ext4Image.problem()
    }

    init() throws {
        image = try Ext4Image.copy()
        device = try LoopDevice(image)
        scratch = try ScratchDirectory()
        mount = try MountedFileSystem("ext4", source: device.path.string, at: scratch.path)
    }

    var path: FilePath { mount.path }
}
