// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A `linux-source-*` package: a compressed tar of the tree inside a Debian package.
struct SourcePackage {
    let archive: FilePath

    /// Unpacks the kernel tree to `target`, which comes into being whole or not at all.
    func unpack(to target: FilePath) async throws {
        let partial = FilePath(target.string + ".partial")
        try Files.remove(partial)
        try Files.makeDirectory(partial)
        do {
            try await unpack(in: partial)
        } catch {
            let free = Files.freeSpace(partial)
            try Files.remove(partial)
            if let free, free < Self.spareRoom {
                throw HarnessError(
                    "cannot unpack \(archive) to \(target): No space left on device (a kernel source takes about 2 GiB)"
                )
            }
            try await removeIfDamaged()
            throw error
        }
        try Files.rename(partial.appending(Self.tree), to: target)
        try Files.remove(partial)
    }

    private static let tree = "tree"
    /// Less than this, in bytes, means that the disk was full: tar and dpkg-deb do not always say so.
    private static let spareRoom = 1 << 20

    private func unpack(in partial: FilePath) async throws {
        _ = try await Tool("dpkg-deb", ["-x", archive.string, partial.string]).output()
        let directory = partial.appending("usr/src")
        guard let tarball = Files.list(directory).first(where: { $0.contains(".tar.") }) else {
            throw HarnessError("\(archive) holds no kernel source: no tar file in usr/src")
        }
        let tree = partial.appending(Self.tree)
        try Files.makeDirectory(tree)
        _ = try await Tool(
            "tar",
            [
                "-x", "--no-same-owner", "--strip-components=1", "-C", tree.string, "-f",
                directory.appending(tarball).string,
            ]
        ).output()
    }

    /// A file that is not what apt-get fetched must not be found again by the next run. A full disk
    /// is no fault of the file's.
    private func removeIfDamaged() async throws {
        let script = "dpkg-deb --fsys-tarfile \"$1\" >/dev/null"
        var said: [String] = []
        let status = try await Tool("sh", ["-c", script, "sh", archive.string]).status { said.append($0) }
        if status.isSuccess { return }
        try Files.remove(archive)
        let reason = said.last ?? "\(status)"
        throw HarnessError("\(archive) was damaged (\(reason)) and was removed; run again to download it")
    }
}
