// SPDX-License-Identifier: MIT

import Glibc
import SystemPackage

/// A directory of an overlay, whose layers are on a tmpfs, for as long as the value lives.
package final class OverlayDirectory {
    // Released in this order.
    private let overlay: MountedFileSystem
    private let layers: MountedFileSystem
    private let scratch: ScratchDirectory

    /// - Parameter fill: puts files into the lower layer, which may not change later.
    package init(lower fill: (FilePath) throws -> Void = { _ in }) throws {
        scratch = try ScratchDirectory()
        layers = try MountedFileSystem("tmpfs", at: scratch.path)
        for name in ["lower", "upper", "work", "merged"] {
            mkdir(layers.path.appending(name).string, 0o755)
        }
        try fill(layers.path.appending("lower"))
        overlay = try MountedFileSystem(
            "overlay", at: layers.path.appending("merged"),
            options:
                "lowerdir=\(layers.path)/lower,upperdir=\(layers.path)/upper,workdir=\(layers.path)/work")
    }

    package var path: FilePath { overlay.path }
    /// The same files, by their names in the layer that is written to.
    package var upper: FilePath { layers.path.appending("upper") }
}
