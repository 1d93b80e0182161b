// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The Swift toolchain of this machine, as a directory that another machine can see.
struct SwiftToolchain {
    /// Holds `bin/swift` and all that it needs of its own.
    let directory: FilePath

    var programs: FilePath { directory.appending("bin") }

    /// The toolchain that `swift` in PATH belongs to; that may be a link, or a program that chooses one of several.
    static func ofMachine(_ repository: Repository) async throws -> SwiftToolchain {
        struct Target: Decodable {
            struct Paths: Decodable { var runtimeResourcePath: String }
            var paths: Paths
        }
        let text = try await repository.swift(["-print-target-info"]).output()
        return try SwiftToolchain(
            resources: JSONDecoder().decode(Target.self, from: Data(text.utf8)).paths.runtimeResourcePath)
    }

    /// - Parameter resources: where the toolchain has its resources, `…/lib/swift`.
    init(resources: String) throws {
        directory = FilePath(resources).lexicallyNormalized().removingLastComponent().removingLastComponent()
        let system: [FilePath] = ["/", "/usr", "/usr/local"]
        if system.contains(directory) {
            throw HarnessError(
                "Swift is installed in \(directory), and a fresh machine needs its own files there: unpack a toolchain into a directory of its own (swift.org/install) and put that into PATH"
            )
        }
    }
}
