// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A kernel tree of the user's own, named by `LINUX_SRC`: copied, never changed.
struct UserTree {
    /// As the user wrote it.
    let directory: FilePath
    let repository: Repository

    /// The tree that `LINUX_SRC` names, if the user has set it.
    static func chosen(for repository: Repository) -> UserTree? {
        guard let directory = ProcessInfo.processInfo.environment["LINUX_SRC"], !directory.isEmpty else {
            return nil
        }
        return UserTree(directory: FilePath(directory), repository: repository)
    }

    private var path: FilePath {
        let current = FilePath(FileManager.default.currentDirectoryPath)
        return (directory.isAbsolute ? directory : current.pushing(directory)).lexicallyNormalized()
    }

    /// Tells apart what is made of this tree.
    var name: String { "user" + path.string.replacing("/", with: "-") }

    private var copied: FilePath { repository.sources.appending(name) }
    /// Every change gives the source a new identity, by which kernels built from it are known to be stale.
    private var stamp: FilePath { repository.sources.appending("\(name).changed") }

    /// Built files of the user's must not come along: make would take them for its own.
    static let built = [
        ".git", "*.o", "*.a", "*.ko", "*.cmd", "*.order", "/.config*", "/vmlinux*", "/include/config",
        "/include/generated", "/arch/*/include/generated",
    ]

    /// The copy as it was made last.
    func present() -> KernelSource? {
        guard let changed = try? Files.read(stamp) else { return nil }
        return KernelSource(identity: "\(name) \(String(decoding: changed, as: UTF8.self))", tree: copied)
    }

    /// Copies what changed since the last copy.
    func copy() async throws -> KernelSource {
        guard access(path.string, R_OK | X_OK) == 0 else {
            throw HarnessError("LINUX_SRC=\(directory): \(String(cString: strerror(errno)))", status: .usage)
        }
        let version: String
        do {
            version = try KernelSource(identity: "", tree: path).version()
        } catch let error as HarnessError {
            throw HarnessError("LINUX_SRC=\(directory): \(error)", status: .usage)
        }
        try Files.makeDirectory(copied)
        let options = ["-a", "--delete"] + Self.built.map { "--exclude=\($0)" }
        let places = ["\(path)/", "\(copied)/"]
        let changes = try await Tool("rsync", ["--dry-run", "--itemize-changes"] + options + places).output()
        if let source = present(), changes.isEmpty { return source }
        // No identity while the copy is neither the old tree nor the new.
        try Files.remove(stamp)
        _ = try await Tool("rsync", options + places).output()
        try Files.write(Data("\(version) \(Date().timeIntervalSince1970)".utf8), to: stamp)
        return present()!
    }
}
