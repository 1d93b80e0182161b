// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The products that SwiftPM builds of this package for the guest and for the tests.
public struct SwiftProducts: Sendable {
    /// The command of the checks, static.
    public var robustListCheck: FilePath
    /// The preload, a shared library without the Swift runtime.
    public var preload: FilePath
    /// The executable with all tests, dynamic.
    public var testBundle: FilePath
}

/// Builds the package's own products.
public struct SwiftBuilder: Sendable {
    let repository: Repository
    let progress: Progress

    public init(repository: Repository, progress: Progress) {
        self.repository = repository
        self.progress = progress
    }

    public var products: SwiftProducts {
        let release = repository.staticSwiftBuild.appending("release")
        return SwiftProducts(
            robustListCheck: release.appending("robust-list-check"),
            preload: repository.swiftBuild.appending("release/librobust-list-preload.so"),
            testBundle: repository.swiftBuild.appending("debug/robust-futexPackageTests.xctest"))
    }

    /// Builds the static command, and the victims of its race.
    public func buildStatic() async throws {
        try await build(
            products.robustListCheck,
            [
                "-c", "release", "--product", products.robustListCheck.lastComponent!.string, "-Xswiftc",
                "-static-executable", "--scratch-path", repository.staticSwiftBuild.string,
            ], from: ["Sources"])
        try await RaceVictims(robustListCheck: products.robustListCheck, progress: progress).build()
    }

    /// Builds the preload.
    public func buildPreload() async throws {
        try await build(
            products.preload,
            [
                "-c", "release", "--product", "robust-list-preload", "--scratch-path",
                repository.swiftBuild.string,
            ], from: ["Sources"])
    }

    /// Builds everything with its tests.
    public func buildTests() async throws {
        try await build(
            products.testBundle, ["--build-tests", "--scratch-path", repository.swiftBuild.string],
            from: ["Sources", "Tests"])
    }

    /// Runs `swift build`, unless nothing in `directories` is newer than its last success: even
    /// with nothing to do SwiftPM takes seconds.
    private func build(
        _ product: FilePath, _ arguments: [String], from directories: [String]
    ) async throws {
        let name = product.stem!
        let logs = repository.build.appending("logs")
        let stamp = logs.appending("swift-\(name).built")
        let start = Date()
        let swift = try Tool.find("swift")
        let inputs =
            directories.map(repository.root.appending) + [repository.root.appending("Package.swift"), swift]
        if Files.exists(product), let built = Files.modificationTime(stamp),
            inputs.allSatisfy({ newest(under: $0) < built })
        {
            return
        }
        try await progress.stage("swift build: \(name)") {
            try await repository.swift(["build", "--package-path", repository.root.string] + arguments)
                .runLogged(
                    to: logs.appending("swift-\(name).log")
                ) { line in
                    if let step = line.firstMatch(of: /^\[(\d+\/\d+)\]/) { progress.update(String(step.1)) }
                }
        }
        try Files.write(Data(), to: stamp)
        // Changes made during the build may not be in it, so the stamp is as old as its start.
        try FileManager.default.setAttributes([.modificationDate: start], ofItemAtPath: stamp.string)
    }

    /// The latest modification time of a file, or of anything in a directory; a file's removal shows
    /// in its directory's time.
    private func newest(under path: FilePath) -> Double {
        var newest = Files.modificationTime(path) ?? .infinity
        guard let entries = FileManager.default.enumerator(atPath: path.string) else { return newest }
        for case let entry as String in entries {
            newest = max(newest, Files.modificationTime(path.pushing(FilePath(entry))) ?? .infinity)
        }
        return newest
    }
}
