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

    /// Every file that they need in a guest, by its path there, which has no leading slash.
    func files() async throws -> [(path: String, source: FilePath)] {
        let target = FilePath(GuestPath.robustListCheck).removingLastComponent().appending(Self.directoryName)
        var files: [(path: String, source: FilePath)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted()
        where !name.hasPrefix(".") {
            let program = directory.appending(name)
            files.append((String(target.appending(name).string.dropFirst()), program))
            for library in try await SharedLibraries.needed(by: program) {
                files.append((String(library.string.dropFirst()), library))
            }
        }
        return files
    }
}
