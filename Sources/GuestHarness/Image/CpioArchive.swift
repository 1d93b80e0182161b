// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Writes the archive format of initial RAM file systems: cpio "newc"
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root.
public struct CpioArchive {
    public private(set) var bytes: [UInt8] = []
    private var inode: UInt32 = 1
    private var directories: Set<String> = []

    public init() {}

    /// A regular file at `path`, which has no leading slash; its directories are made as needed.
    public mutating func addFile(_ path: String, contents: some Collection<UInt8>, executable: Bool) {
        addParents(of: path)
        entry(path, mode: 0o100000 | (executable ? 0o755 : 0o644), contents: contents)
    }

    public mutating func addLink(_ path: String, to target: String) {
        addParents(of: path)
        entry(path, mode: 0o120777, contents: Array(target.utf8))
    }

    public mutating func addDirectory(_ path: String) {
        guard !path.isEmpty, directories.insert(path).inserted else { return }
        addParents(of: path)
        entry(path, mode: 0o40755, contents: [])
    }

    /// The console before init has mounted anything: without it init's own errors go nowhere.
    public mutating func addConsole() {
        addDirectory("dev")
        entry("dev/console", mode: 0o20600, contents: [], device: (5, 1))
    }

    /// Ends the archive. Nothing can be added afterwards.
    public mutating func finish() {
        entry("TRAILER!!!", mode: 0, contents: [])
    }

    private mutating func addParents(of path: String) {
        let parts = path.split(separator: "/").dropLast()
        for count in stride(from: 1, through: parts.count, by: 1) {
            let parent = parts.prefix(count).joined(separator: "/")
            if directories.insert(parent).inserted {
                entry(parent, mode: 0o40755, contents: [])
            }
        }
    }

    private mutating func entry(
        _ name: String, mode: UInt32, contents: some Collection<UInt8>, device: (UInt32, UInt32) = (0, 0)
    ) {
        let fields: [UInt32] = [
            inode, mode, 0, 0, 1, 0, UInt32(contents.count), 0, 0, device.0, device.1,
            UInt32(name.utf8.count + 1), 0,
        ]
        inode += 1
        bytes += Array("070701".utf8)
        for field in fields {
            let digits = String(field, radix: 16, uppercase: true)
            bytes += Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
        }
        bytes += Array(name.utf8) + [0]
        pad()
        bytes += contents
        pad()
    }

    private mutating func pad() {
        bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }
}
