// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A kernel tree of the user's own that is built as it is, named by `--tree`. It is only read.
public struct GivenTree: Equatable, Sendable {
    /// Absolute.
    public let path: FilePath
    /// The version in its Makefile.
    public let version: String

    /// - Throws: what keeps `directory` from being a kernel tree, as bad usage.
    public init(_ directory: String) throws {
        let current = FilePath(FileManager.default.currentDirectoryPath)
        path = current.pushing(FilePath(directory)).lexicallyNormalized()
        guard access(path.string, R_OK | X_OK) == 0 else {
            throw HarnessError("--tree \(directory): \(String(cString: strerror(errno)))", status: .usage)
        }
        do {
            version = try KernelSource(identity: "", tree: path).version()
        } catch let error as HarnessError {
            throw HarnessError(
                "--tree \(directory): \(error); name the top directory of a kernel source", status: .usage)
        }
    }

    /// Short, for a kernel's release and for tables.
    var shortName: String {
        let allowed = (path.lastComponent?.string ?? "root").map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || "-_.".contains(letter)) ? letter : "-"
        }
        return String(String(allowed).prefix(20))
    }

    /// Tells apart two trees whose last components are the same.
    var mark: String { String(Digest.mark(of: path.string).suffix(8)) }

    /// The names of its source files, sorted, relative to it: without what was built in it.
    ///
    /// A git tree's own index and ignore files say which those are; of another tree the ignore files that every
    /// kernel source has.
    func files() async throws -> [String] {
        let isGit = Files.exists(path.appending(".git"))
        // Nothing that the tree's configuration names is to be started.
        let quiet = ["-c", "core.fsmonitor=false"]
        let listed: String
        if isGit {
            listed = try await Tool(
                "git",
                quiet + ["-C", path.string, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            ).output()
        } else {
            let empty = FilePath(NSTemporaryDirectory()).appending("robust-futex-\(UUID().uuidString).git")
            defer { try? Files.remove(empty) }
            _ = try await Tool("git", ["init", "-q", "--bare", empty.string]).output()
            listed = try await Tool(
                "git",
                quiet + [
                    "--git-dir=\(empty)", "--work-tree=\(path)", "-C", path.string, "ls-files", "-z",
                    "--others", "--exclude-per-directory=.gitignore",
                ] + (unignored + UserTree.built).map { "--exclude=\($0)" }
            ).output()
        }
        // A file in conflict is listed once for each side.
        return Set(listed.split(separator: "\0").map(String.init)).sorted()
    }

    /// Debian's source packages ignore whatever is at the top but their own directory, the source included. Takes that back,
    /// except for what a build leaves there.
    private var unignored: [String] {
        let lines = (try? Files.read(path.appending(".gitignore"))).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard lines?.split(separator: "\n").contains("/*") == true else { return [] }
        return ["!/*", "/.*", "/System.map", "/Module.symvers", "/modules.*"]
    }
}
