// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// The programs whose unlock `robust-list-check race` holds, built against this machine's C libraries.
struct RaceVictims {
    /// They lie in a directory of this name beside robust-list-check, which looks for them there.
    static let directoryName = "race-victims"

    let robustListCheck: FilePath
    let progress: Progress

    var directory: FilePath { robustListCheck.removingLastComponent().appending(Self.directoryName) }

    /// Builds them all, unless they are newer than the command, which carries their source.
    func build() async throws {
        let stamp = directory.appending(".built")
        if let built = Files.modificationTime(stamp), let command = Files.modificationTime(robustListCheck),
            command < built
        {
            return
        }
        try await progress.stage("race victims") {
            try Files.makeDirectory(directory)
            _ = try await Tool(robustListCheck.string, ["victims", directory.string]).output()
            try Files.write(Data(), to: stamp)
        }
    }

    /// Puts the preload beside them.
    func add(preload: FilePath) throws {
        try Self.copy(preload, to: directory.appending(preload.lastComponent!))
    }

    /// Builds the program that uses Boost, unless it is newer than the command.
    ///
    /// - Parameter boost: the directory of Boost's headers.
    func add(boost: FilePath) async throws {
        if let built = Files.modificationTime(directory.appending("boost")),
            let command = Files.modificationTime(robustListCheck), command < built
        {
            return
        }
        try await progress.stage("race victim of Boost") {
            _ = try await Tool(
                robustListCheck.string, ["victims", directory.string, "--boost", boost.string]
            ).output()
        }
    }

    /// Nothing is written that is there: the time of a file tells whether an image is current.
    static func copy(_ file: FilePath, to target: FilePath) throws {
        let contents = try Files.read(file)
        if (try? Files.read(target)) == contents { return }
        try Files.write(contents, to: target)
        guard chmod(target.string, 0o755) == 0 else {
            throw HarnessError("cannot make \(target) executable: \(String(cString: strerror(errno)))")
        }
    }

    /// Every file that they need in a guest, by its path there, which has no leading slash.
    func files() async throws -> [(path: String, source: FilePath)] {
        let target = FilePath(GuestPath.robustListCheck).removingLastComponent().appending(Self.directoryName)
        var files: [(path: String, source: FilePath)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted()
        where !name.hasPrefix(".") {
            let program = directory.appending(name)
            let inside = Files.list(program)
            guard inside.isEmpty else {
                let path = target.appending(name)
                files += inside.map { (String(path.appending($0).string.dropFirst()), program.appending($0)) }
                continue
            }
            files.append((String(target.appending(name).string.dropFirst()), program))
            // Started with the loader of a patched musl, which is its library as well.
            if name == "musl-dynamic" { continue }
            for library in try await SharedLibraries.needed(by: program) {
                files.append((String(library.string.dropFirst()), library))
            }
        }
        return files
    }
}
