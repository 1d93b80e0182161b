// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The checkout, and where things are in it.
public struct Repository: Sendable {
    public let root: FilePath

    public init(root: FilePath) {
        self.root = root
    }

    /// The checkout that holds `path`: the nearest directory upwards with the kernel catalogue.
    public static func containing(_ path: FilePath) throws -> Repository {
        var directory = path.lexicallyNormalized()
        while true {
            let candidate = Repository(root: directory)
            if FileManager.default.fileExists(atPath: candidate.catalogue.string) { return candidate }
            guard directory.removeLastComponent() else {
                throw HarnessError("no checkout of this project contains \(path)")
            }
        }
    }

    /// Swift, which through this script leaves no temporary files.
    func swift(_ arguments: [String]) -> Tool { Tool(root.appending("qemu/swift").string, arguments) }

    public var catalogue: FilePath { root.appending("qemu/kernels.json") }
    public var configFragments: FilePath { root.appending("qemu/config") }
    /// The page with the figures of the evidence for the kernel code.
    public var evidencePage: FilePath { root.pushing("docs/proof.md") }
    /// The page with the result of a full comparison of kernels.
    public var comparisonPage: FilePath { root.pushing("docs/comparison.md") }
    /// Everything the harness makes; ignored by git and safe to delete.
    public var build: FilePath { root.appending("build") }
    public var sources: FilePath { build.appending("sources") }
    public var kernels: FilePath { build.appending("kernels") }
    public var images: FilePath { build.appending("images") }
    public var runs: FilePath { build.appending("runs") }
    public var comparison: FilePath { build.appending("compare") }
    /// SwiftPM's scratch directories: dynamic products and tests, and static products.
    public var swiftBuild: FilePath { root.appending(".build") }
    public var staticSwiftBuild: FilePath { root.appending(".build-static") }
}
