// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A kernel tree of the user's own, named by `LINUX_SRC`: copied, never changed.
struct UserTree {
    let directory: FilePath
    let repository: Repository

    /// Built files of the user's must not come along: make would take them for its own.
    private static let excluded = [
        ".git", "*.o", "*.a", "*.ko", "*.cmd", "*.order", "/.config*", "/vmlinux*", "/include/config",
        "/include/generated", "/arch/*/include/generated",
    ]

    /// Copies what changed since the last copy.
    func copy() async throws -> KernelSource {
        let path =
            directory.isAbsolute
            ? directory : FilePath(FileManager.default.currentDirectoryPath).pushing(directory)
        guard access(path.string, R_OK | X_OK) == 0 else {
            throw HarnessError("LINUX_SRC=\(directory): \(String(cString: strerror(errno)))", status: .usage)
        }
        let version: String
        do {
            version = try KernelSource(identity: "", tree: path).version()
        } catch let error as HarnessError {
            throw HarnessError("LINUX_SRC=\(directory): \(error)", status: .usage)
        }
        let name = "user" + path.lexicallyNormalized().string.replacing("/", with: "-")
        let target = repository.sources.appending(name)
        try Files.makeDirectory(target)
        var list: [String] =
            ["-a", "--delete", "--itemize-changes"] + Self.excluded.map { "--exclude=\($0)" }
        list += ["\(path)/", "\(target)/"]
        let changes = try await Tool("rsync", list).output()
        // Every change gives the source a new identity, by which kernels built from it are known to be stale.
        let stamp = repository.sources.appending("\(name).changed")
        if !changes.isEmpty || !Files.exists(stamp) {
            try Files.write(Data("\(version) \(Date().timeIntervalSince1970)".utf8), to: stamp)
        }
        let identity = "\(name) \(String(decoding: try Files.read(stamp), as: UTF8.self))"
        return KernelSource(identity: identity, tree: target)
    }
}
