// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The programs of a guest that are not Swift: C of this project, compiled for its architecture, and Debian's busybox.
struct GuestPrograms: Sendable {
    let repository: Repository
    let architecture: Architecture
    let progress: Progress

    /// The directory of init's sources, relative to the checkout.
    static let initSources = "qemu/guest/init"

    private var directory: FilePath { repository.build.appending("guest").appending(architecture.name) }
    private var toolchain: Toolchain {
        Toolchain(architecture, repository: repository, progress: progress)
    }

    private struct Inputs: Codable, Equatable {
        var command: [String]
        var compiler: String
        /// Of the sources and of the C library, by `sha256sum`.
        var digests: String
    }

    /// PID 1, static.
    func guestInit() async throws -> FilePath {
        let directory = repository.root.appending(Self.initSources)
        let sources = Files.list(directory).filter { $0.hasSuffix(".c") }.map { directory.appending($0) }
        return try await compile("init", sources, dependencies: [directory])
    }

    private static let raceSources = "qemu/guest/race"
    private static let victimSources = "Sources/CRaceVictim"

    /// The program that holds unlocks, static.
    func race() async throws -> FilePath {
        let directory = repository.root.appending(Self.raceSources)
        let headers = repository.root.pushing(FilePath("\(Self.victimSources)/include"))
        let sources = Files.list(directory).filter { $0.hasSuffix(".c") }.map { directory.appending($0) }
        return try await compile(
            "race", sources, dependencies: [directory, headers], options: ["-I", headers.string])
    }

    /// The program in which processes and threads die while others call, static.
    func stress() async throws -> FilePath {
        let directory = repository.root.appending("qemu/guest/stress")
        return try await compile("stress", [directory.appending("stress.c")], dependencies: [directory])
    }

    /// The victim of the race with the glibc of the compiler, static.
    func victimOfGlibc() async throws -> FilePath { try await victim("victim-glibc", []) }

    /// The victim of the race with Debian's musl, static.
    func victimOfMusl() async throws -> FilePath {
        let musl = try await musl()
        func object(_ name: String) -> String { musl.libraries.appending(name).string }
        return try await victim(
            "victim-musl",
            ["-nostdinc", "-isystem", musl.headers.string, "-nostdlib", object("crt1.o"), object("crti.o")]
                + muslOptions,
            libraries: [
                "-L\(musl.libraries)", "-Wl,--start-group", "-lc", "-lgcc", "-lgcc_eh", "-Wl,--end-group",
                object("crtn.o"),
            ], archive: musl.libraries.appending("libc.a"))
    }

    private func victim(
        _ name: String, _ options: [String], libraries: [String] = [], archive: FilePath? = nil
    ) async throws -> FilePath {
        let directory = repository.root.pushing(FilePath(Self.victimSources))
        let headers = directory.appending("include")
        return try await compile(
            name, [directory.appending("victim.c")], dependencies: [directory, headers],
            options: ["-DCRV_STANDALONE", "-I", headers.string] + options, libraries: libraries,
            archive: archive)
    }

    /// musl has one format of long double, where compilers know several. And the linker of binutils 2.40 (Debian 12) crashes
    /// over the debug information of trixie's musl for riscv64, which nobody needs here.
    private var muslOptions: [String] {
        ["-Wl,-S"] + (architecture == .ppc64le ? ["-mlong-double-64"] : [])
    }

    /// Debian's musl, for this architecture.
    private func musl() async throws -> (headers: FilePath, libraries: FilePath) {
        let root = try await DebianPackages(repository: repository, progress: progress).unpacked(
            "musl-dev", for: architecture)
        func place(_ parent: String) throws -> FilePath {
            let parent = root.pushing(FilePath(parent))
            guard let name = Files.list(parent).first(where: { $0.contains("-musl") }) else {
                throw HarnessError("Debian's musl-dev for \(architecture.debian) has no \(parent)/*-musl")
            }
            return parent.appending(name)
        }
        return (try place("usr/include"), try place("usr/lib"))
    }

    /// Compiles and links a static program, unless it is current.
    ///
    /// - Parameters:
    ///   - dependencies: the directories whose files it is made from.
    ///   - libraries: arguments that come last.
    ///   - archive: the C library that it is linked with; nil: the compiler's.
    func compile(
        _ name: String, _ sources: [FilePath], dependencies: [FilePath], options: [String] = [],
        libraries: [String] = [], archive: FilePath? = nil
    ) async throws -> FilePath {
        let program = directory.appending(name)
        return try await FileLock.withLock(directory.appending(".lock-\(name)"), progress: progress) {
            let compiler = try await toolchain.compiler()
            let arguments =
                architecture.compilerOptions + ["-O2", "-Wall", "-Wextra", "-Werror", "-static", "-pthread"]
                + options
            let files = dependencies.flatMap { directory in
                Files.list(directory).filter { $0.hasSuffix(".c") || $0.hasSuffix(".h") }
                    .map { directory.appending($0).string }
            }
            let library: String
            if let archive {
                library = archive.string
            } else {
                library = try await toolchain.archive(compiler)
            }
            let inputs = Inputs(
                command: arguments + libraries,
                compiler: try await Tool(compiler.program, ["--version"], environment: compiler.environment)
                    .output(),
                digests: try await Tool("sha256sum", ["--"] + files + [library]).output())
            let stamp = Stamp<Inputs>(directory.appending(".\(name).json"))
            if Files.exists(program), stamp.isCurrent(for: inputs) { return program }
            try await progress.stage("\(name) for \(architecture.name)") {
                try stamp.clear()
                let partial = FilePath("\(program).partial")
                _ = try await Tool(
                    compiler.program, arguments + ["-o", partial.string] + sources.map(\.string) + libraries,
                    environment: compiler.environment
                ).output()
                try Files.remove(program)
                try Files.rename(partial, to: program)
                try stamp.set(inputs)
            }
            return program
        }
    }

    /// Debian's busybox, static; the machine's own where that is for the same architecture.
    func busybox() async throws -> FilePath {
        guard architecture != (try Architecture.ofHost()) else { return try Tool.find("busybox") }
        let root = try await DebianPackages(repository: repository, progress: progress).unpacked(
            "busybox-static", for: architecture)
        // Its place before and after /bin was merged into /usr/bin.
        let places = ["usr/bin/busybox", "bin/busybox"].map { root.pushing(FilePath($0)) }
        guard let program = places.first(where: Files.exists) else {
            throw HarnessError("Debian's busybox-static for \(architecture.debian) has no \(places[0])")
        }
        return program
    }
}
