// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A kernel that somebody else has built: a bzImage.
public enum KernelImageFile {
    /// The kernel in `path`, called by the file's name.
    ///
    /// The layout is that of Documentation/arch/x86/boot.rst: the magic at 0x202 and, 0x200 bytes before
    /// it starts, the offset of the release at 0x20e.
    ///
    /// - Throws: what is wrong with the file, as bad usage: the user named it.
    public static func kernel(at path: FilePath) throws -> BuiltKernel {
        func refuse(_ why: String) -> HarnessError {
            HarnessError("--kernel-image \(path): \(why)", status: .usage)
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path.string, isDirectory: &isDirectory) else {
            throw refuse("no such file")
        }
        guard !isDirectory.boolValue, access(path.string, R_OK) == 0 else {
            throw refuse("not a file that can be read")
        }
        let start = try FileDescriptor.open(path, .readOnly).closeAfterReading(upTo: 1 << 16)
        guard start.count > 0x210, Array(start[0x202..<0x206]) == Array("HdrS".utf8) else {
            throw refuse("not a bzImage (no boot header); name arch/x86/boot/bzImage of a kernel's tree")
        }
        let offset = 0x200 + Int(start[0x20e]) + Int(start[0x20f]) << 8
        let text = start.dropFirst(offset).prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        return BuiltKernel(
            name: path.lastComponent?.string ?? path.string,
            release: String(decoding: text, as: UTF8.self), image: path)
    }
}

extension FileDescriptor {
    fileprivate func closeAfterReading(upTo limit: Int) throws -> [UInt8] {
        try closeAfter {
            var bytes = [UInt8](repeating: 0, count: limit)
            var filled = 0
            while filled < limit {
                let count = try bytes.withUnsafeMutableBytes {
                    try read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
                }
                if count == 0 { break }
                filled += count
            }
            return Array(bytes[..<filled])
        }
    }
}
