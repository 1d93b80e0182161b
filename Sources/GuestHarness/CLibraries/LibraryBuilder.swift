// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A C library that was built and installed below `build/libc`.
public struct BuiltLibrary: Sendable {
    public var library: CLibrary
    /// The directory that it was configured for and is installed in.
    public var prefix: FilePath
    /// The build directory, from which its own tests run.
    var objects: FilePath
    var source: FilePath

    /// The dynamic loader, to start programs with.
    public var loader: FilePath {
        prefix.appending("lib").appending(
            library.project == .glibc ? "ld-linux-x86-64.so.2" : "ld-musl-x86_64.so.1")
    }

    /// The directory of its shared objects.
    public var libraries: FilePath { prefix.appending("lib") }
}

/// Builds C libraries. Nothing outside of `build/libc` changes.
public struct LibraryBuilder: Sendable {
    private let repository: Repository
    private let progress: Progress

    public init(_ builders: Builders) {
        repository = builders.repository
        progress = builders.progress
    }

    /// The Debian packages that a build needs, beyond those of the harness.
    public static func packages(for project: CLibrary.Project) -> [String] {
        project == .glibc ? ["gawk", "python3"] : []
    }

    private func directory(of library: CLibrary) -> FilePath {
        repository.build.appending("libc").appending(library.name)
    }

    private func layout(of library: CLibrary) -> BuiltLibrary {
        let directory = directory(of: library)
        return BuiltLibrary(
            library: library, prefix: directory.appending("root"), objects: directory.appending("objects"),
            source: directory.appending("source"))
    }

    /// The library if it was built already, current or not. Touches nothing.
    public func present(_ library: CLibrary) -> BuiltLibrary? {
        let built = layout(of: library)
        return Files.exists(built.loader) && stamp(of: library).inputs != nil ? built : nil
    }

    /// All that a built library depends on.
    private struct Inputs: Codable, Equatable {
        /// A change of one of these starts anew.
        var configuration: [String]
        /// After one of these make finds out what has to be built again.
        var patches: [String]
    }

    private func stamp(of library: CLibrary) -> Stamp<Inputs> {
        Stamp(directory(of: library).appending("built.json"))
    }

    /// Builds and installs the library unless it is current. What an interrupted build has done is kept.
    public func build(_ library: CLibrary) async throws -> BuiltLibrary {
        let source = LibrarySource(library: library, repository: repository, progress: progress)
        let inputs = try await inputs(of: library, source)
        let built = layout(of: library)
        let directory = directory(of: library)
        let lock = directory.appending(".lock")
        return try await FileLock.withLock(lock, progress: progress) {
            if stamp(of: library).isCurrent(for: inputs) { return built }
            let begun = Stamp<Inputs>(directory.appending("begun.json"))
            if begun.inputs?.configuration != inputs.configuration {
                for path in [stamp(of: library).file, begun.file, built.source, built.objects, built.prefix] {
                    try Files.remove(path)
                }
            }
            if !begun.isCurrent(for: inputs) {
                try stamp(of: library).clear()
                let archive = try await source.archive()
                try await progress.stage("\(library.name): source tree of \(archive.lastComponent!)") {
                    try await source.layOut(at: built.source)
                }
                try begun.set(inputs)
            }
            try await make(built, log: directory.appending("build.log"))
            guard Files.exists(built.loader) else {
                throw HarnessError(
                    "make succeeded and did not install \(built.loader); see \(directory.appending("build.log"))"
                )
            }
            try stamp(of: library).set(inputs)
            return built
        }
    }

    private func inputs(of library: CLibrary, _ source: LibrarySource) async throws -> Inputs {
        let compiler = try await Tool("gcc", ["--version"]).output().prefix { $0 != "\n" }
        return Inputs(
            configuration: [library.name, String(compiler)] + Self.options(of: library.project),
            patches: try source.series().patches.map(\.changes))
    }

    private static func options(of project: CLibrary.Project) -> [String] {
        switch project {
        case .glibc:
            // Without parts that take time and have nothing to do with mutexes. A newer compiler's warnings are no errors.
            [
                "--disable-werror", "--disable-profile", "--disable-nscd", "--disable-build-nscd",
                "--disable-timezone-tools", "--without-selinux",
            ]
        case .musl: []
        }
    }

    private func make(_ built: BuiltLibrary, log: FilePath) async throws {
        let name = built.library.name
        try Files.makeDirectory(built.objects)
        if !Files.exists(built.objects.appending("config.mak")),
            !Files.exists(built.objects.appending("config.make"))
        {
            try await progress.stage("\(name): configure") {
                var arguments = ["--prefix=\(built.prefix)"] + Self.options(of: built.library.project)
                // Without it `make install` would change the machine's own loader.
                if built.library.project == .musl {
                    arguments.append("--syslibdir=\(built.prefix.appending("lib"))")
                }
                try await Self.tool(
                    built.source.appending("configure").string, arguments, in: built.objects
                ).runLogged(to: log)
            }
        }
        let jobs = "-j\(ProcessInfo.processInfo.activeProcessorCount)"
        var compiled = 0
        for (stage, arguments) in [("build", [jobs]), ("install", [jobs, "install"])] {
            try await progress.stage("\(name): \(stage)") {
                try await Self.tool(
                    "make", arguments + ["MAKEINFO=:"], in: built.objects
                ).runLogged(to: log, append: true) { line in
                    guard line.contains(" -c ") else { return }
                    compiled += 1
                    progress.update("\(compiled) objects compiled")
                }
            }
        }
    }

    /// A program with nothing of the user's environment: DESTDIR would install elsewhere, CFLAGS build something else.
    static func tool(_ name: String, _ arguments: [String], in directory: FilePath? = nil) -> Tool {
        let home = ProcessInfo.processInfo.environment["HOME"] ?? "/"
        return Tool(
            "env",
            ["-i", "HOME=\(home)", "LC_ALL=C", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", name] + arguments,
            directory: directory)
    }
}
