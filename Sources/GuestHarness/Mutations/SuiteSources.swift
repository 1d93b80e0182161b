// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The sources of what runs in a guest when the syscall suite does.
///
/// The test bundle is no measure: it links all tests of the package, also those of the harness, and another
/// build of the same sources is another file.
struct SuiteSources {
    /// The target whose code runs in the guest when random worlds are tried.
    static let worlds = ["WorldExplorer"]

    let repository: Repository
    /// The targets whose code runs in the guest.
    let roots: [String]

    /// - Parameter roots: the targets whose code runs in the guest, if it is not the whole suite.
    init(repository: Repository, of roots: [String] = [SuiteRunner.guestModule, "robust-list-check"]) {
        self.repository = repository
        self.roots = roots
    }

    /// A line for each file, with its digest, and one for the compiler.
    func identity() async throws -> [String] {
        let package = try await repository.swift(
            ["package", "--package-path", repository.root.string, "dump-package"]
        ).output()
        let directories =
            try Self.directories(of: roots, in: Data(package.utf8)) + [GuestPrograms.initSources]
        let files = try ["Package.swift", "Package.resolved"] + directories.flatMap(files)
        let digests = try await Tool("sha256sum", ["--"] + files, directory: repository.root).output()
        let compiler = try await repository.swift(["--version"]).output()
        return compiler.split(separator: "\n").prefix(1).map(String.init)
            + digests.split(separator: "\n").map(String.init)
    }

    /// The files in a directory of the checkout, relative to that.
    private func files(in directory: String) throws -> [String] {
        let path = repository.root.pushing(FilePath(directory))
        guard let entries = FileManager.default.enumerator(atPath: path.string) else {
            throw HarnessError("the package names \(directory), which does not exist")
        }
        var files: [String] = []
        while let entry = entries.nextObject() as? String {
            let type = entries.fileAttributes?[.type] as? FileAttributeType
            if type == .typeRegular { files.append("\(directory)/\(entry)") }
        }
        return files.sorted()
    }

    /// The part of the output of `swift package dump-package` that is about targets and matters here.
    private struct Package: Decodable {
        struct Target: Decodable {
            var name: String
            var type: String
            var path: String?
            var dependencies: [Dependency]

            var directory: String { path ?? (type == "test" ? "Tests/\(name)" : "Sources/\(name)") }
        }
        /// One of this package has its name in the list, beside a condition or null.
        struct Dependency: Decodable {
            var byName: [String?]?
        }
        var targets: [Target]
    }

    /// The directories of the targets `roots` and of all that they depend on in the package, sorted.
    ///
    /// - Parameter package: the output of `swift package dump-package`.
    static func directories(of roots: [String], in package: Data) throws -> [String] {
        let targets = Dictionary(
            uniqueKeysWithValues: try JSONDecoder().decode(Package.self, from: package).targets.map {
                ($0.name, $0)
            })
        var found: [String: String] = [:]
        var open = roots
        while let name = open.popLast() {
            guard found[name] == nil else { continue }
            guard let target = targets[name] else {
                throw HarnessError("the package has no target '\(name)'")
            }
            found[name] = target.directory
            open += target.dependencies.compactMap { $0.byName?.first ?? nil }
        }
        return found.values.sorted()
    }
}
