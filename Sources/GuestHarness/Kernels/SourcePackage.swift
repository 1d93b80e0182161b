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
            _ = try await Tool("dpkg-deb", ["-x", archive.string, partial.string]).output()
        } catch {
            // A file that is not what apt-get meant to fetch must not be found again by the next run.
            try? Files.remove(archive)
            try Files.remove(partial)
            throw HarnessError("\(archive) is damaged and was removed; run again. \(error)")
        }
        let directory = partial.appending("usr/src")
        guard let tarball = Files.list(directory).first(where: { $0.contains(".tar.") }) else {
            throw HarnessError("\(archive) holds no kernel source: no tar file in usr/src")
        }
        let tree = partial.appending("tree")
        try Files.makeDirectory(tree)
        _ = try await Tool(
            "tar",
            [
                "-x", "--no-same-owner", "--strip-components=1", "-C", tree.string, "-f",
                directory.appending(tarball).string,
            ]
        ).output()
        try Files.rename(tree, to: target)
        try Files.remove(partial)
    }
}
