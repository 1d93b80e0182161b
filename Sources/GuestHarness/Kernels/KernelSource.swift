// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A kernel source tree that nobody changes.
public struct KernelSource: Sendable {
    /// Names the contents: the package and its version.
    public var identity: String
    public var tree: FilePath

    public init(identity: String, tree: FilePath) {
        self.identity = identity
        self.tree = tree
    }

    /// The version in the tree's Makefile, as in 7.3.4.
    public func version() throws -> String {
        let makefile = tree.appending("Makefile")
        guard Files.exists(makefile) else { throw HarnessError("\(tree) is not a kernel tree: no Makefile") }
        let text = String(decoding: try Files.read(makefile), as: UTF8.self)
        func value(_ name: String) -> String? {
            for line in text.split(separator: "\n").prefix(20) {
                let parts = line.split(separator: "=", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                if parts.first == name { return parts.count == 2 ? parts[1] : "" }
            }
            return nil
        }
        guard let version = value("VERSION"), let patchlevel = value("PATCHLEVEL"),
            Files.exists(tree.appending("Kconfig")), Files.exists(tree.appending("kernel/futex"))
        else { throw HarnessError("\(tree) is not a kernel tree: no version, Kconfig or kernel/futex in it") }
        return "\(version).\(patchlevel).\(value("SUBLEVEL") ?? "0")\(value("EXTRAVERSION") ?? "")"
    }
}

/// Gets the pristine source of a base: from Debian, or from the user.
public struct SourceStore: Sendable {
    let repository: Repository
    let progress: Progress

    public init(repository: Repository, progress: Progress) {
        self.repository = repository
        self.progress = progress
    }

    private struct Choice: Codable {
        var identity: String
    }

    private func choice(of base: Catalogue.Base) -> FilePath {
        repository.sources.appending("\(base.name).json")
    }

    private var lock: FilePath { repository.sources.appending(".lock") }

    /// The source of `base` if it is already here. Touches nothing and needs no network.
    public func present(_ base: Catalogue.Base) -> KernelSource? {
        if let tree = UserTree.chosen(for: repository) { return tree.present() }
        guard let data = try? Files.read(choice(of: base)),
            let identity = try? JSONDecoder().decode(Choice.self, from: data).identity
        else { return nil }
        let tree = repository.sources.appending(identity)
        return Files.exists(tree) ? KernelSource(identity: identity, tree: tree) : nil
    }

    /// The source of `base`: `LINUX_SRC` if the user has set it, else what is here already, else
    /// Debian's newest package to which the base's series applies.
    public func source(of base: Catalogue.Base) async throws -> KernelSource {
        if let tree = UserTree.chosen(for: repository) {
            return try await FileLock.withLock(lock, progress: progress) {
                try await progress.stage("source: copy of LINUX_SRC") { try await tree.copy() }
            }
        }
        if let source = present(base) { return source }
        return try await FileLock.withLock(lock, progress: progress) {
            if let source = present(base) { return source }
            return try await fetch(base)
        }
    }

    private func fetch(_ base: Catalogue.Base) async throws -> KernelSource {
        let apt = PrivateApt(directory: repository.build.appending("apt"), suite: base.suite)
        let packages = try await progress.stage("source: list of packages") {
            try await apt.update()
            return try await apt.packages(matching: base.packages)
        }
        guard let newest = packages.first else {
            throw HarnessError(
                "no package matches \(base.packages) in \(base.suite ?? "the machine's suites")")
        }
        var chosen = newest
        let series = try? PatchSeries(directory: repository.root.appending(base.series))
        for package in packages {
            let source = try await unpack(package, with: apt)
            guard let series else { break }
            do {
                try await check(series, on: source)
                chosen = package
                break
            } catch let error as HarnessError {
                // With none left the newest stays, and building the patched kernel names what fails.
                progress.note(error.description)
            }
        }
        try Files.write(JSONEncoder().encode(Choice(identity: chosen.identity)), to: choice(of: base))
        return KernelSource(identity: chosen.identity, tree: repository.sources.appending(chosen.identity))
    }

    private func check(_ series: PatchSeries, on source: KernelSource) async throws {
        let scratch = repository.sources.appending(".series-check")
        try Files.remove(scratch)
        try Files.makeDirectory(scratch)
        try await series.apply(filesOf: source.tree, in: scratch)
        try Files.remove(scratch)
    }

    private func unpack(_ package: PrivateApt.Package, with apt: PrivateApt) async throws -> KernelSource {
        let target = repository.sources.appending(package.identity)
        let source = KernelSource(identity: package.identity, tree: target)
        if Files.exists(target) { return source }
        let archive = try await progress.stage("source: download of \(package.identity)") {
            try await apt.download(package)
        }
        try await progress.stage("source: unpacking of \(package.identity)") {
            try await SourcePackage(archive: archive).unpack(to: target)
        }
        _ = try source.version()
        try Files.remove(archive)
        return source
    }
}
