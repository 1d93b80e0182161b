// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import GuestHarness

/// The checkout whose harness is tested.
let repository = try! Repository.containing(FilePath(#filePath))

/// Tells whether guests can be booted without building anything first.
func isBuilt(_ kernel: String) async throws -> Bool {
    let builders = try Builders(repository: repository, progress: Progress())
    return try await builders.kernels.state(of: builders.catalogue.kernel(named: kernel)).state == .current
}

/// The result of a run of the harness.
struct HarnessResult: Sendable {
    var status: Int32
    var output: String
    var error: String
    var seconds: Double
}

/// Runs the harness to its end, as a user does.
func harness(
    _ arguments: [String], directory: FilePath? = nil, environment: [Environment.Key: String] = [:]
) async throws -> HarnessResult {
    let start = ContinuousClock.now
    let result = try await Subprocess.run(
        .path(repository.root.appending(".build/debug/harness")), arguments: Arguments(arguments),
        environment: .inherit.updating(environment), workingDirectory: directory ?? repository.root,
        output: .string(limit: 16 << 20),
        error: .string(limit: 1 << 20))
    guard case .exited(let status) = result.terminationStatus else {
        throw HarnessError("the harness ended with \(result.terminationStatus): \(result.standardError)")
    }
    return HarnessResult(
        status: status, output: result.standardOutput, error: result.standardError,
        seconds: (ContinuousClock.now - start) / .seconds(1))
}

/// Arguments that run something in a guest with the stock kernel, among the runs of tests.
let runOnStock = ["run", "--kind-of-run", "test", "--kernel", "stock"]

/// Runs a command in a guest with the stock kernel.
func inGuest(
    _ command: [String], options: [String] = [], directory: FilePath? = nil
) async throws -> HarnessResult {
    try await harness(runOnStock + options + ["--"] + command, directory: directory)
}

/// Waits until `condition` holds, at most for `limit`; says what it waited for when it does not.
func wait(for what: String, limit: Duration = .seconds(20), _ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw HarnessError("waited \(limit) for \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// The children of a process that run QEMU.
func qemuChildren(of process: pid_t) throws -> [pid_t] {
    var found: [pid_t] = []
    for task in Files.list(FilePath("/proc/\(process)/task")) {
        let path = FilePath("/proc/\(process)/task/\(task)/children")
        guard let data = try? Files.read(path) else { continue }
        for child in String(decoding: data, as: UTF8.self).split(separator: " ").compactMap({ pid_t($0) }) {
            let command = (try? Files.read(FilePath("/proc/\(child)/comm"))) ?? Data()
            if String(decoding: command, as: UTF8.self).hasPrefix("qemu-system") { found.append(child) }
        }
    }
    return found
}

/// Tells whether a process runs; one that has ended and was not waited for does not.
func isRunning(_ process: pid_t) -> Bool {
    guard let data = try? Files.read(FilePath("/proc/\(process)/stat")) else { return false }
    let state = String(decoding: data, as: UTF8.self).split(separator: ")").last?.first { $0 != " " }
    return state != "Z" && state != "X"
}
