// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage
import TestProcesses

/// The end of a run of robust-list-check.
struct CommandEnd {
    let status: Int32
    let output: String
    let errors: String
}

/// Runs the robust-list-check that was built with these tests.
func robustListCheck(_ arguments: [String]) async throws -> CommandEnd {
    let beside = try URL(
        filePath: FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    )
    .deletingLastPathComponent().appending(path: "robust-list-check")
    let result = try await run(
        .path(FilePath(beside.path)), arguments: Arguments(arguments),
        output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    guard case .exited(let status) = result.terminationStatus else {
        throw CheckError.broken("robust-list-check ended by \(result.terminationStatus)")
    }
    return CommandEnd(status: status, output: result.standardOutput, errors: result.standardError)
}
