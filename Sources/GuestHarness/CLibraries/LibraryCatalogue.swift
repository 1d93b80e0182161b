// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A version of a C library, with the series or without it.
public struct CLibrary: Equatable, Sendable {
    public enum Project: String, CaseIterable, Codable, Sendable {
        case glibc, musl
    }

    public var project: Project
    /// Of the project's own release, as in 2.36.
    public var version: String
    /// The Debian release whose source package has it.
    var release: String
    public var isPatched: Bool

    /// Names its directory in `build/libc`.
    public var name: String { "\(project.rawValue)-\(version)" + (isPatched ? "" : "-unpatched") }

    /// The same version without the series.
    public var unpatched: CLibrary {
        var other = self
        other.isPatched = false
        return other
    }
}

/// The versions of C libraries that the project has a series for: `libc-patch/libraries.json`.
public struct LibraryCatalogue: Sendable {
    private struct File: Decodable {
        var libraries: [Library]
    }

    private struct Library: Decodable {
        var name: CLibrary.Project
        var versions: [Version]
    }

    private struct Version: Decodable {
        var version: String
        var release: String
    }

    /// All of them, patched.
    public let all: [CLibrary]

    public init(of repository: Repository) throws {
        let path = Self.directory(in: repository).appending("libraries.json")
        do {
            all = try JSONDecoder().decode(File.self, from: Files.read(path)).libraries.flatMap { library in
                library.versions.map {
                    CLibrary(
                        project: library.name, version: $0.version, release: $0.release, isPatched: true)
                }
            }
        } catch let error as DecodingError {
            throw HarnessError("\(path): \(error)")
        }
    }

    static func directory(in repository: Repository) -> FilePath { repository.root.appending("libc-patch") }

    /// The patched library of a project; without a version that of this machine's Debian release.
    ///
    /// - Throws: when there is no series for `version`, or for what the machine has.
    public func library(_ project: CLibrary.Project, version: String?) throws -> CLibrary {
        let candidates = all.filter { $0.project == project }
        let known = candidates.map(\.version).joined(separator: ", ")
        if let version {
            guard let library = candidates.first(where: { $0.version == version }) else {
                throw HarnessError(
                    "there is no series for \(project.rawValue) \(version); there are series for \(known)",
                    status: .usage)
            }
            return library
        }
        let release = try AptArchives.codenameOfMachine()
        guard let library = candidates.first(where: { $0.release == release }) else {
            throw HarnessError(
                "there is no series for the \(project.rawValue) of Debian \(release); choose one of \(known) with --version",
                status: .usage)
        }
        return library
    }
}
