// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// A file whose contents never come, or late: its file system, FUSE, is served by this process, which does not answer
/// reads.
package final class SilentFile {
    /// The contents that the file has.
    package enum Contents {
        /// None: no read is ever answered, and every write fails.
        case none
        /// Every access reaches the server, which answers except from ``hold()`` to ``letGo()``.
        case uncached
        /// The same, but the kernel keeps pages of the file.
        case cached
    }

    package let file: MemoryFile
    private let path: FilePath
    private let served: UnsafeMutablePointer<ctp_fuse_file>
    private var server = pthread_t()

    package static let length = Int(CTP_FUSE_FILE_BYTES)

    /// - Parameters:
    ///   - failures: the number of reads that fail at once, before those that are never answered.
    package init(
        in directory: borrowing ScratchDirectory, failures: Int = 0, contents: Contents = .none
    ) throws {
        path = directory.path.appending("silent")
        _ = try MemoryFile(creating: path, length: 0)
        let device = try FileDescriptor.open("/dev/fuse", .readWrite, options: [.closeOnExec]).rawValue
        // The root itself is a regular file: there is nothing to look up.
        let options = "fd=\(device),rootmode=100600,user_id=0,group_id=0"
        guard mount("fuse", path.string, "fuse", 0, options) == 0 else {
            throw CheckError.broken("mount of fuse: \(Errno(rawValue: errno).name)")
        }
        served = .allocate(capacity: 1)
        served.initialize(to: ctp_fuse_file())
        served.pointee.descriptor = device
        served.pointee.failures = UInt32(failures)
        served.pointee.is_cached = contents == .cached ? 1 : 0
        if contents != .none {
            let contents = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.length)
            contents.initialize(repeating: 0, count: Self.length)
            served.pointee.contents = contents
        }
        let error = pthread_create(&server, nil, serve, served)
        guard error == 0 else { throw CheckError.broken("no thread for a FUSE server: \(error)") }
        file = try MemoryFile(opening: path)
        // The kernel asks for the size of a root when it is asked for it, and takes it for 0 before.
        let size = try file.descriptor.seek(offset: 0, from: .end)
        guard size == Self.length else { throw CheckError.broken("the file of FUSE has \(size) bytes") }
    }

    /// Number of reads that have reached the server.
    package var readCount: Int { Int(crf_load32(&served.pointee.reads)) }

    /// Returns once somebody has begun to read.
    package func awaitRead(inExitOf task: PeerTask) throws {
        try Deadline.poll(for: "task \(task.tid) to read the file of FUSE in its exit") { readCount > 0 }
    }

    /// The same for writes.
    package var writeCount: Int { Int(crf_load32(&served.pointee.writes)) }

    /// From now on reads and writes of contents wait.
    package func hold() { ctp_fuse_hold(served) }

    /// Those that wait are answered, and all that come.
    package func letGo() { ctp_fuse_let_go(served) }

    /// Ends the mount: reads that wait fail, and the server is done.
    package func end() {
        umount2(path.string, Int32(MNT_FORCE | MNT_DETACH))
    }

    deinit {
        end()
        try? file.descriptor.close()
        pthread_join(server, nil)
        close(served.pointee.descriptor)
        served.pointee.contents?.deallocate()
        served.deallocate()
    }
}

private func serve(_ file: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    _ = ctp_fuse_serve(file!.assumingMemoryBound(to: ctp_fuse_file.self))
    return nil
}
