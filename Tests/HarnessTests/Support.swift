// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// A recorded log.
func golden(_ name: String) throws -> [UInt8] {
    let url = try #require(Bundle.module.url(forResource: "GoldenLogs/\(name)", withExtension: nil))
    return Array(try Data(contentsOf: url))
}

/// Runs `body` with an empty directory, which is removed afterwards.
func withTemporaryDirectory<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let directory = FilePath(NSTemporaryDirectory()).appending("harness-tests-\(UUID().uuidString)")
    try Files.makeDirectory(directory)
    do {
        let result = try await body(directory)
        try Files.remove(directory)
        return result
    } catch {
        try? Files.remove(directory)
        throw error
    }
}

func write(_ text: String, to path: FilePath) throws {
    try Files.write(Data(text.utf8), to: path)
}

func text(of path: FilePath) throws -> String {
    String(decoding: try Files.read(path), as: UTF8.self)
}
