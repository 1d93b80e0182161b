// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A series of numbered mails, as `git format-patch` writes them.
public struct PatchSeries: Sendable {
    public struct Patch: Codable, Equatable, Sendable {
        public var name: String
        public var text: String

        /// The patch's changes to the tree: its diffs, without the mail around them and without the names of blobs.
        var changes: String {
            text.split(separator: "\n", omittingEmptySubsequences: false)
                .drop { !$0.hasPrefix("diff --git ") }
                .filter { !$0.hasPrefix("index ") }
                .joined(separator: "\n")
        }

        /// The same without the files in `Documentation/`, which do nothing in a kernel that runs; may be empty.
        var changesToCode: String {
            changes.split(separator: /(?m)^(?=diff --git )/)
                .filter { !$0.hasPrefix("diff --git a/Documentation/") }
                .joined()
        }
    }

    public let directory: FilePath
    /// In the order in which they apply; the cover letter is none of them.
    public private(set) var patches: [Patch]

    /// Reads the series. A directory without one is an error: a patched kernel cannot be made of it.
    public init(directory: FilePath) throws {
        self.directory = directory
        let names = Files.list(directory).filter {
            $0.wholeMatch(of: /[0-9]{4}-.*\.patch/) != nil && !$0.hasPrefix("0000-")
        }
        guard !names.isEmpty else {
            throw HarnessError("no patches in \(directory): expected files like 0001-futex-….patch")
        }
        patches = try names.map { name in
            Patch(
                name: name, text: String(decoding: try Files.read(directory.appending(name)), as: UTF8.self))
        }
    }

    /// No patch at all: what a stock kernel gets.
    public init(emptyFor directory: FilePath) {
        self.directory = directory
        patches = []
    }

    /// A change to a series, to build kernels with.
    public struct Change: Sendable {
        /// The number of its patches that are applied; nil for all.
        var length: Int?
        /// Patches after its own; their names are relative to its directory.
        var further: [Patch]

        public init(length: Int? = nil, further: [Patch] = []) {
            self.length = length
            self.further = further
        }
    }

    func changed(by change: Change) -> PatchSeries {
        var series = self
        series.patches = Array(patches.prefix(change.length ?? patches.count)) + change.further
        return series
    }

    /// The same for the same changes to the kernel's code, whatever its documentation and the mails say about them.
    public var mark: String {
        String(Digest.mark(of: patches.changesToCode.joined(separator: "\n")).prefix(8))
    }

    /// The files that the series creates, changes or deletes, relative to the tree; sorted.
    public var touchedFiles: [String] {
        var files: Set<String> = []
        for patch in patches {
            for line in patch.text.split(separator: "\n") {
                if let match = line.wholeMatch(of: /diff --git a\/(.+) b\/(.+)/) {
                    files.insert(String(match.1))
                    files.insert(String(match.2))
                }
            }
        }
        return files.sorted()
    }

    /// Applies the series to copies of the files it touches, taken from `tree`, in `scratch`.
    ///
    /// - Parameter scratch: an empty directory outside of any git work tree's index; afterwards it
    ///   holds exactly the touched files that the patched tree has.
    /// - Throws: the patch and the file that do not fit.
    public func apply(filesOf tree: FilePath, in scratch: FilePath) async throws {
        for file in touchedFiles where Files.exists(tree.appending(file)) {
            let copy = scratch.appending(file)
            try Files.makeDirectory(copy.removingLastComponent())
            try FileManager.default.copyItem(atPath: tree.appending(file).string, toPath: copy.string)
        }
        try await apply(in: scratch, takenFrom: tree)
    }

    /// Applies the series to a tree. When it does not fit, the tree is left with the patches before the one that
    /// does not.
    ///
    /// - Parameters:
    ///   - tree: outside of any git work tree's index.
    ///   - original: its name in messages, if that is another.
    /// - Throws: the patch and the file that do not fit.
    func apply(in tree: FilePath, takenFrom original: FilePath? = nil) async throws {
        for patch in patches {
            // The ceiling keeps git from taking the checkout around `tree` for the tree to patch.
            let tool = Tool(
                "git", ["apply", "--whitespace=nowarn", directory.appending(patch.name).string],
                directory: tree,
                environment: ["GIT_CEILING_DIRECTORIES": tree.removingLastComponent().string])
            var said: [String] = []
            guard try await tool.status(onLine: { said.append($0) }).isSuccess else {
                throw HarnessError(
                    "the series in \(directory) does not apply to \(original ?? tree): \(patch.name): \(Self.reason(said))"
                )
            }
        }
    }

    /// The file and the place out of what `git apply` says.
    static func reason(_ lines: [String]) -> String {
        let errors = lines.filter { $0.hasPrefix("error: ") }.map { $0.dropFirst("error: ".count) }
        return (errors.isEmpty ? lines.map { $0[...] } : errors).joined(separator: "; ")
    }
}

extension [PatchSeries.Patch] {
    /// What each changes in the code, in their order, without those that change none.
    var changesToCode: [String] { map(\.changesToCode).filter { !$0.isEmpty } }
}
