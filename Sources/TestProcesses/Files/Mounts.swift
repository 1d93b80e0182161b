// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage

/// A directory of its own, gone with all in it at the end of the value's life.
package struct ScratchDirectory: ~Copyable {
    package let path: FilePath

    package init() throws {
        var template = Array("\(temporaryDirectory)/robust-lock-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CheckError.broken("no directory in \(temporaryDirectory): \(Errno(rawValue: errno).name)")
        }
        path = FilePath(platformString: template)
    }

    func makeDirectory(_ name: String) throws -> FilePath {
        let path = path.appending(name)
        guard mkdir(path.string, 0o755) == 0 else {
            throw CheckError.broken("mkdir \(path): \(Errno(rawValue: errno).name)")
        }
        return path
    }

    deinit {
        // Nothing is mounted in it any more; only empty names are left, two levels deep.
        remove(in: path, levels: 3)
        rmdir(path.string)
    }
}

private func remove(in directory: FilePath, levels: Int) {
    guard levels > 0, let stream = opendir(directory.string) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard name != ".", name != ".." else { continue }
        let path = directory.appending(name)
        if unlink(path.string) != 0 {
            remove(in: path, levels: levels - 1)
            rmdir(path.string)
        }
    }
}

/// The directory for temporary files.
package var temporaryDirectory: FilePath {
    FilePath(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")
}

/// A mounted file system, unmounted at the end of the value's life.
package struct MountedFileSystem: ~Copyable {
    package let path: FilePath

    package init(_ type: String, source: String? = nil, at path: FilePath, options: String = "") throws {
        guard mount(source ?? type, path.string, type, 0, options) == 0 else {
            throw CheckError.broken("mount of \(type) with '\(options)': \(Errno(rawValue: errno).name)")
        }
        self.path = path
    }

    deinit {
        // Detached at once; freed when the last file is closed.
        umount2(path.string, Int32(MNT_DETACH))
    }
}

/// A file as a block device, until the end of the value's life.
package struct LoopDevice: ~Copyable {
    package static let control = "/dev/loop-control"
    package let path: FilePath
    private let device: FileDescriptor

    package init(_ file: borrowing MemoryFile) throws {
        let control = try FileDescriptor.open(FilePath(Self.control), .readWrite, options: [.closeOnExec])
        defer { try? control.close() }
        let number = try required(
            "LOOP_CTL_GET_FREE",
            crf_syscall6(crf_nr_ioctl, UInt(control.rawValue), UInt(LOOP_CTL_GET_FREE), 0, 0, 0, 0))
        let path = FilePath("/dev/loop\(number)")
        let device = try FileDescriptor.open(path, .readWrite, options: [.closeOnExec])
        _ = try required(
            "LOOP_SET_FD of \(path)",
            crf_syscall6(
                crf_nr_ioctl, UInt(device.rawValue), UInt(LOOP_SET_FD), UInt(file.descriptor.rawValue), 0, 0,
                0))
        self.path = path
        self.device = device
    }

    /// Makes another node of the device.
    package func makeNode(at node: FilePath) throws {
        var status = stat()
        guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFBLK else {
            throw CheckError.broken("\(path) is no block device")
        }
        guard mknod(node.string, S_IFBLK | 0o600, status.st_rdev) == 0 else {
            throw CheckError.broken("mknod of \(node): \(Errno(rawValue: errno).name)")
        }
    }

    deinit {
        // In force when the last user, such as a mount, is gone.
        _ = crf_syscall6(crf_nr_ioctl, UInt(device.rawValue), UInt(LOOP_CLR_FD), 0, 0, 0, 0)
        try? device.close()
    }
}

/// A small, empty ext4 file system, which the harness puts into the guest's image.
package enum Ext4Image {
    private static let variable = "ROBUST_LIST_EXT4_IMAGE"

    package static var path: FilePath? {
        getenv(variable).map { FilePath(String(cString: $0)) }
    }

    package static func problem() -> String? {
        guard let path else { return "\(variable) names no image (mkfs.ext4 makes one)" }
        return access(path.string, R_OK) == 0 ? nil : "\(variable) names \(path), which cannot be read"
    }

    /// A copy to write to, in memory.
    package static func copy() throws -> MemoryFile {
        guard let path else { throw CheckError.broken("\(variable) names no image") }
        let image = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        defer { try? image.close() }
        let length = Int(try image.seek(offset: 0, from: .end))
        let copy = try MemoryFile(name: "ext4", length: length)
        var bytes = [UInt8](repeating: 0, count: length)
        guard try bytes.withUnsafeMutableBytes({ try image.read(fromAbsoluteOffset: 0, into: $0) }) == length
        else {
            throw CheckError.broken("\(path) was not read completely")
        }
        _ = try copy.descriptor.writeAll(toAbsoluteOffset: 0, bytes)
        return copy
    }
}
