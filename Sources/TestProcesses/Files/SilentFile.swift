// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// A file whose contents never come: its file system, FUSE, is served by this process, which does not answer.
package final class SilentFile {
    package let file: MemoryFile
    private let device: Int32
    private let path: FilePath
    private let reads: UnsafeMutablePointer<UInt32>
    private var server = pthread_t()

    package static let length = Int(CTP_FUSE_FILE_BYTES)

    /// - Parameter failures: how many reads fail at once, before those that are never answered.
    package init(in directory: borrowing ScratchDirectory, failures: Int = 0) throws {
        path = directory.path.appending("silent")
        _ = try MemoryFile(creating: path, length: 0)
        device = try FileDescriptor.open("/dev/fuse", .readWrite, options: [.closeOnExec]).rawValue
        // The root itself is a regular file: there is nothing to look up.
        let options = "fd=\(device),rootmode=100600,user_id=0,group_id=0"
        guard mount("fuse", path.string, "fuse", 0, options) == 0 else {
            throw CheckError.broken("mount of fuse: \(Errno(rawValue: errno).name)")
        }
        reads = .allocate(capacity: 1)
        reads.initialize(to: 0)
        let order = Order(device: device, failures: UInt32(failures), reads: reads)
        let error = pthread_create(&server, nil, serve, Unmanaged.passRetained(order).toOpaque())
        guard error == 0 else { throw CheckError.broken("no thread for a FUSE server: \(error)") }
        file = try MemoryFile(opening: path)
        // The kernel asks for the size of a root when it is asked for it, and takes it for 0 before.
        let size = try file.descriptor.seek(offset: 0, from: .end)
        guard size == Self.length else { throw CheckError.broken("the file of FUSE has \(size) bytes") }
    }

    /// Number of reads that have reached the server.
    package var readCount: Int { Int(crf_load32(reads)) }

    /// Ends the mount: reads that wait fail, and the server is done.
    package func end() {
        umount2(path.string, Int32(MNT_FORCE | MNT_DETACH))
    }

    deinit {
        end()
        try? file.descriptor.close()
        pthread_join(server, nil)
        close(device)
        reads.deallocate()
    }
}

private final class Order {
    let device: Int32
    let failures: UInt32
    let reads: UnsafeMutablePointer<UInt32>

    init(device: Int32, failures: UInt32, reads: UnsafeMutablePointer<UInt32>) {
        self.device = device
        self.failures = failures
        self.reads = reads
    }
}

private func serve(_ order: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let order = Unmanaged<Order>.fromOpaque(order!).takeRetainedValue()
    _ = ctp_fuse_serve(order.device, order.failures, order.reads)
    return nil
}
