// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Debian's packages for other architectures, unpacked below `build`.
struct DebianPackages: Sendable {
    let repository: Repository
    let progress: Progress

    /// The suite that has all architectures of guests.
    private static let suite = "trixie"

    /// The directory that a package is unpacked in, which it is the first time. Needs the network only then.
    func unpacked(_ name: String, for architecture: Architecture) async throws -> FilePath {
        let tools = repository.build.appending("tools")
        let root = tools.appending("debian").appending("\(name)-\(architecture.debian)")
        return try await FileLock.withLock(tools.appending(".lock-debian"), progress: progress) {
            if Files.exists(root) { return root }
            try await progress.stage("tools: \(name) for \(architecture.name)") {
                var apt = PrivateApt(
                    directory: tools.appending("apt-\(architecture.debian)"), suite: Self.suite)
                apt.architecture = architecture.debian
                try await apt.update()
                let partial = FilePath("\(root).partial")
                try Files.remove(partial)
                try await apt.unpack(name, below: partial)
                try Files.rename(partial, to: root)
            }
            return root
        }
    }
}
