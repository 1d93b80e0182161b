// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The source of a C library: Debian's original tar file, and the series.
struct LibrarySource {
    let library: CLibrary
    let repository: Repository
    let progress: Progress

    private var libraries: FilePath { repository.build.appending("libc") }
    private var archives: FilePath { libraries.appending("archives") }

    /// The series; empty for a library that is not patched.
    func series() throws -> PatchSeries {
        let directory = LibraryCatalogue.directory(in: repository)
            .appending(library.project.rawValue).appending(library.version)
        return library.isPatched
            ? try PatchSeries(directory: directory) : PatchSeries(emptyFor: directory)
    }

    /// The original tar file, fetched unless it is there.
    func archive() async throws -> FilePath {
        let name = library.project.rawValue
        if let present = Files.list(archives).first(where: {
            $0.hasPrefix("\(name)_\(library.version).orig.")
        }) {
            return archives.appending(present)
        }
        return try await progress.stage("source of \(name) \(library.version)") {
            let apt = PrivateApt(
                directory: libraries.appending("apt"), suite: library.release, sources: true)
            try await apt.update()
            let file = try await apt.downloadOriginal(of: name, version: library.version)
            let target = archives.appending(file.lastComponent!.string)
            try Files.makeDirectory(archives)
            try Files.rename(file, to: target)
            return target
        }
    }

    /// Lays out the tree with the series in it. It comes into being whole or not at all; one that is there already is
    /// brought up to date, and only files whose contents change get another time, by which make goes.
    ///
    /// - Throws: the patch and the file that do not fit; then nothing has changed.
    func layOut(at tree: FilePath) async throws {
        let archive = try await archive()
        let partial = FilePath("\(tree).partial")
        try Files.remove(partial)
        try Files.makeDirectory(partial)
        do {
            _ = try await Tool(
                "tar",
                ["-x", "--no-same-owner", "--strip-components=1", "-C", partial.string, "-f", archive.string]
            ).output()
        } catch let error as HarnessError {
            try Files.remove(partial)
            try Files.remove(archive)
            throw HarnessError("\(error); \(archive) was removed: run again to download it")
        }
        do {
            try await series().apply(in: partial)
        } catch {
            try Files.remove(partial)
            throw error
        }
        if library.project == .glibc { try Self.replaceManual(in: partial) }
        guard Files.exists(tree) else { return try Files.rename(partial, to: tree) }
        _ = try await Tool(
            "rsync", ["-rl", "--checksum", "--delete", "\(partial)/", "\(tree)/"]
        ).output()
        try Files.remove(partial)
    }

    /// Debian takes the manual out of glibc's tar file, and make goes through its directory.
    private static func replaceManual(in tree: FilePath) throws {
        let directory = tree.appending("manual")
        guard !Files.exists(directory) else { return }
        let makefile = """
            subdir := manual
            include ../Makeconfig
            include ../Rules
            info dvi pdf html:

            """
        try Files.write(Data(makefile.utf8), to: directory.appending("Makefile"))
    }
}
