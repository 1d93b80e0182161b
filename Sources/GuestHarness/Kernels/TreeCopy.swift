// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The copy of a given tree in which its kernel is built.
///
/// A file keeps its modification time there unless its contents change, so that make builds again what a change
/// really concerns, also when somebody goes back to an older version of a file.
struct TreeCopy {
    let original: GivenTree
    /// The copy, which also gets what is built.
    let tree: FilePath

    /// The files as they were copied last: for each its name and what `lstat(2)` said of the original.
    private var record: FilePath { tree.removingLastComponent().appending("tree.list") }

    struct Changes: Equatable {
        /// New, or not as they were.
        var changed: [String] = []
        var removed: [String] = []
        /// The states to keep once the files are copied.
        var states: [String: String] = [:]

        var isEmpty: Bool { changed.isEmpty && removed.isEmpty }

        /// Tells whether the configuration may come out another way: it is made from Kconfig files by programs in
        /// `scripts`, which the makefiles of the tree and of the architecture call.
        var concernConfiguration: Bool {
            (changed + removed).contains { file in
                file.hasPrefix("scripts/") || file.contains("Kconfig") || file == "Makefile"
                    || file.wholeMatch(of: /arch\/\w+\/Makefile.*/) != nil
            }
        }
    }

    /// The differences between the original and the copy as it was made last. Changes nothing.
    func changes() async throws -> Changes {
        let old = Files.exists(tree) ? Self.decode(try? Files.read(record)) : [:]
        var changes = Changes()
        // Strings: for as many files as a kernel has, a FilePath each takes a minute.
        let root = original.path.string
        for file in try await original.files() {
            // One that git knows and that is not there; or a repository within this one.
            guard let state = Self.state(of: "\(root)/\(file)") else { continue }
            changes.states[file] = state
            if old[file] != state { changes.changed.append(file) }
        }
        changes.removed = old.keys.filter { changes.states[$0] == nil }.sorted()
        return changes
    }

    /// Makes the copy what the original was when `changes` was called. An interrupted one is repeated.
    func apply(_ changes: Changes) async throws {
        for file in changes.removed { try Files.remove(tree.pushing(FilePath(file))) }
        try Files.makeDirectory(tree)
        let list = tree.removingLastComponent().appending("tree.changed")
        try Files.write(Data(changes.changed.joined(separator: "\0").utf8), to: list)
        _ = try await Tool(
            "rsync",
            [
                "--links", "--perms", "--executability", "--checksum", "--force", "--from0",
                "--files-from=\(list)", "--", "\(original.path)/", "\(tree)/",
            ]
        ).output()
        try Files.write(Self.encode(changes.states), to: record)
        try Files.remove(list)
    }

    /// Text that differs when the file does; nil if it is neither a file nor a symbolic link.
    private static func state(of path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0, [S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT) else {
            return nil
        }
        let time = status.st_mtim
        return "\(time.tv_sec).\(time.tv_nsec) \(status.st_size) \(status.st_mode) \(status.st_ino)"
    }

    /// No name has a null byte in it.
    private static func encode(_ states: [String: String]) -> Data {
        Data(states.sorted { $0.key < $1.key }.map { "\($0.key)\0\($0.value)\0" }.joined().utf8)
    }

    private static func decode(_ data: Data?) -> [String: String] {
        let fields = String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\0")
        var states: [String: String] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            states[String(fields[index])] = String(fields[index + 1])
        }
        return states
    }
}
