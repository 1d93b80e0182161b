// SPDX-License-Identifier: MIT

import CTestProcesses
import RobustFutex
import SystemPackage

/// Maps of BPF: memory of the anonymous inode, which is that of many other files, too.
package enum BPFArray {
    /// A new one, of `length` bytes.
    package static func create(length: Int) throws -> MemoryFile {
        try file("a map of BPF", ctp_create_bpf_array(length))
    }

    /// The same map by another open file. It is the same memory, but nothing in the kernel's reverse mapping says so.
    package static func reopen(_ file: borrowing MemoryFile) throws -> MemoryFile {
        try self.file("another file of a map of BPF", ctp_reopen_bpf_map(file.descriptor.rawValue))
    }

    private static func file(_ what: String, _ result: Int) throws -> MemoryFile {
        MemoryFile(owning: FileDescriptor(rawValue: CInt(try required(what, result))))
    }
}
