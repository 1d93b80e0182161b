// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The tree that a kernel is built in: a pristine source, and the series over it.
///
/// It is made of hard links to the pristine tree's files, so whatever changes a file here has to
/// replace it. make and compilers write new files only.
struct KernelTree {
    let pristine: KernelSource
    let tree: FilePath

    /// The source and the series that the tree was made from, kept beside it.
    private struct Record: Codable {
        var source: String
        var touched: [String]
    }

    private var record: FilePath { tree.removingLastComponent().appending("tree.json") }

    /// Makes the tree, or brings it up to date, for `series`.
    ///
    /// A file keeps its modification time unless its contents change: make then rebuilds what a
    /// changed series really changes.
    func update(to series: PatchSeries) async throws {
        let kernel = tree.removingLastComponent()
        try Files.makeDirectory(kernel)
        let scratch = kernel.appending("patched-files")
        try Files.remove(scratch)
        try Files.makeDirectory(scratch)
        // First, for a series that does not apply must leave the tree as it was.
        try await series.apply(filesOf: pristine.tree, in: scratch)

        var old =
            Files.exists(record) ? try? JSONDecoder().decode(Record.self, from: Files.read(record)) : nil
        if old?.source != pristine.identity || !Files.exists(tree) {
            try await copyPristine(to: kernel)
            old = nil
        }
        let touched = series.touchedFiles
        let files = Set(touched).union(old?.touched ?? [])
        // Recorded before the first file changes: an interrupted update is finished by the next.
        try write(Record(source: pristine.identity, touched: files.sorted()))
        for file in files.sorted() {
            let from = (touched.contains(file) ? scratch : pristine.tree).appending(file)
            try Self.replace(tree.appending(file), with: from)
        }
        try write(Record(source: pristine.identity, touched: touched))
        try Files.remove(scratch)
    }

    private func write(_ value: Record) throws {
        try Files.write(JSONEncoder().encode(value), to: record)
    }

    private func copyPristine(to kernel: FilePath) async throws {
        let partial = kernel.appending("tree.partial")
        try Files.remove(partial)
        try Files.remove(tree)
        _ = try await Tool("cp", ["-al", "--", pristine.tree.string, partial.string]).output()
        try Files.rename(partial, to: tree)
    }

    /// Gives `target` the contents of `source` as a new file, or removes it when `source` is not there.
    private static func replace(_ target: FilePath, with source: FilePath) throws {
        guard Files.exists(source) else { return try Files.remove(target) }
        let contents = try Files.read(source)
        if Files.exists(target), try Files.read(target) == contents { return }
        let mode = try FileManager.default.attributesOfItem(atPath: source.string)[.posixPermissions]
        try Files.remove(target)
        try Files.write(contents, to: target)
        try FileManager.default.setAttributes([.posixPermissions: mode as Any], ofItemAtPath: target.string)
    }
}
