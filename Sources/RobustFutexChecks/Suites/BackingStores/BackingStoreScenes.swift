// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// The scene that all backing stores share: of two threads of another process, that on the word named is cleared and
// that 64 bytes behind it is not.
extension Check {
    /// This process and a peer map the file, the peer perhaps by another name of it.
    static func clears(
        _ scene: Scene, in file: borrowing MemoryFile, length: Int = pageSize, at page: Int = 0
    ) throws {
        try clears(scene, in: file, seenAs: file, length: length, at: page)
    }

    static func clears(
        _ scene: Scene, in file: borrowing MemoryFile, seenAs other: borrowing MemoryFile,
        length: Int = pageSize, at page: Int = 0
    ) throws {
        let own = try MemoryMapping(of: file, length: length)
        let peer = try scene.peer()
        let base = try peer.map(other, length: length)
        // The same memory, or the check would hold the kernel against nothing.
        own.cell(at: page).store(FutexWord(rawValue: 0xcafe))
        guard try peer.word(at: base + UInt(page)) == FutexWord(rawValue: 0xcafe) else {
            throw CheckError.broken("the two processes do not share the memory")
        }
        own.cell(at: page).store(.unlocked)
        try clears(scene, from: own.address + UInt(page), in: peer, at: base + UInt(page))
    }

    /// The call is this process's, on the page at `address`.
    static func clears(_ scene: Scene, from address: UInt, in peer: Peer, at base: UInt) throws {
        try clears(in: peer, at: base, scene) { word in
            try scene.cleanup(address: address + UInt(word), length: 4)
        }
    }

    /// The call is that of `caller`, on the page at `address`.
    static func clears(
        _ scene: Scene, by caller: PeerTask, at address: UInt, in peer: Peer, at base: UInt
    ) throws {
        try clears(in: peer, at: base, scene) { word in
            try scene.cleanup(by: caller, address: address + UInt(word))
        }
    }

    private static func clears(in peer: Peer, at base: UInt, _ scene: Scene, call: (Int) throws -> Void)
        throws
    {
        let words = [wordOffset, wordOffset + 64].map { base + UInt($0) }
        let tasks = try words.map { word in
            let task = try peer.startTask()
            try task.enterWindow(at: word)
            return task
        }
        try call(wordOffset)
        try scene.expectCleared(tasks[0], "the thread on the word named")
        try scene.expectUntouched(tasks[1], at: words[1], "the thread 64 bytes behind it")
    }

    /// The file is on a file system of this magic number (statfs(2)).
    static func expect(_ file: borrowing MemoryFile, isOn magic: Int, _ what: String) throws {
        let found = try required("statfs of \(what)", ctp_file_system(file.descriptor.rawValue))
        guard found == magic else {
            throw CheckError.broken("\(what) is of another file system: 0x\(String(found, radix: 16))")
        }
    }

    /// An ext4 file system of its own.
    static func withExt4<Result>(_ body: (FilePath) throws -> Result) throws -> Result {
        let image = try Ext4Image.copy()
        let device = try LoopDevice(image)
        let directory = try ScratchDirectory()
        let mount = try MountedFileSystem("ext4", source: device.path.string, at: directory.path)
        defer { withExtendedLifetime(mount) {} }
        return try body(mount.path)
    }
}
