// SPDX-License-Identifier: MIT

import SystemPackage

/// Debian's packages, unpacked below `build` and not installed. Thread-safe, also between processes.
struct DebianPackages: Sendable {
    let repository: Repository
    let progress: Progress

    private var tools: FilePath { repository.build.appending("tools") }
    private var directory: FilePath { tools.appending("debian") }

    /// The suite that has all architectures of guests.
    private static let suite = "trixie"

    /// The directory that a package for another architecture is unpacked in. Needs the network the first time only.
    func unpacked(_ name: String, for architecture: Architecture) async throws -> FilePath {
        var apt = PrivateApt(directory: tools.appending("apt-\(architecture.debian)"), suite: Self.suite)
        apt.architecture = architecture.debian
        return try await unpacked(
            [name], in: directory.appending("\(name)-\(architecture.debian)"), with: apt,
            stage: "tools: \(name) for \(architecture.name)")
    }

    /// The directory, called `name`, that packages of this machine's own Debian release are unpacked in, all of them together;
    /// a pattern stands for the newest that matches. Needs the network the first time only.
    func unpacked(_ packages: [String], as name: String) async throws -> FilePath {
        try await unpacked(
            packages, in: directory.appending(name),
            with: PrivateApt(directory: repository.build.appending("apt"), suite: nil), stage: name)
    }

    private func unpacked(
        _ packages: [String], in root: FilePath, with apt: PrivateApt, stage: String
    ) async throws -> FilePath {
        try await FileLock.withLock(tools.appending(".lock-debian"), progress: progress) {
            if Files.exists(root) { return root }
            try await progress.stage(stage) {
                try await apt.update()
                let partial = FilePath("\(root).partial")
                try Files.remove(partial)
                for package in packages { try await apt.unpack(package, below: partial) }
                try Files.rename(partial, to: root)
            }
            return root
        }
    }
}
