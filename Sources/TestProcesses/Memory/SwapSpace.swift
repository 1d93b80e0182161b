// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage

/// Swap space in force until the end of the value's life, so that a page can be swapped out.
package struct SwapSpace: ~Copyable {
    private let device: LoopDevice

    /// In memory.
    package init(pages: Int = 256) throws {
        try self.init(in: try MemoryFile(name: "swap", length: pages * pageSize), pages: pages)
    }

    /// In a file, whose length is that.
    package init(in file: borrowing MemoryFile, pages: Int) throws {
        // union swap_header of the kernel's include/linux/swap.h, version 1.
        var header = [UInt8](repeating: 0, count: pageSize)
        header[1024] = 1
        withUnsafeBytes(of: UInt32(pages - 1).littleEndian) { header.replaceSubrange(1028..<1032, with: $0) }
        header.replaceSubrange((pageSize - 10)..., with: Array("SWAPSPACE2".utf8))
        _ = try file.descriptor.writeAll(toAbsoluteOffset: 0, header)
        let device = try LoopDevice(file)
        let result = device.path.string.withCString {
            crf_syscall6(crf_nr_swapon, UInt(bitPattern: $0), 0, 0, 0, 0, 0)
        }
        _ = try required("swapon of \(device.path)", result)
        self.device = device
    }

    /// From now on reading it and writing it are among what can be made to fail of what a task asks for.
    package func letTransfersFail() throws {
        guard let name = device.path.lastComponent else { return }
        try writeText("1", to: FilePath("/sys/block").appending(name).appending("make-it-fail"))
    }

    deinit {
        device.path.string.withCString {
            _ = crf_syscall6(crf_nr_swapoff, UInt(bitPattern: $0), 0, 0, 0, 0, 0)
        }
    }
}
