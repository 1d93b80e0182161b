// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import Synchronization

/// A command of robust-list-check that measures or explores, run in a guest of the image `bench`.
struct MeasuringCommand {
    var progress: Progress

    /// Runs the command in the guest and returns its standard output, a report as JSON.
    ///
    /// - Throws: when the command fails, with its complaints.
    func output(
        of arguments: [String], in guest: Guest, _ directory: RunDirectory
    ) async throws -> [UInt8] {
        try await standardOutput(of: arguments + ["--print-json"], in: guest, directory)
    }

    /// Runs the command in the guest and returns what it prints.
    ///
    /// - Throws: when the command fails, with what it printed.
    func text(
        of arguments: [String], in guest: Guest, _ directory: RunDirectory
    ) async throws -> String {
        String(
            decoding: try await standardOutput(of: arguments, in: guest, directory, tellsWhy: true),
            as: UTF8.self
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// - Parameter tellsWhy: what a failing command prints is the reason.
    private func standardOutput(
        of arguments: [String], in guest: Guest, _ directory: RunDirectory, tellsWhy: Bool = false
    ) async throws -> [UInt8] {
        let request = GuestRequest(
            root: .image, workingDirectory: "/", environment: ["PATH=/usr/bin:/bin"],
            arguments: [GuestPath.robustListCheck] + arguments)
        let output = Mutex<[UInt8]>([])
        let said = Mutex(LastLines())
        let sinks = Guest.Sinks(
            output: { bytes in output.withLock { $0 += bytes } },
            error: { [progress] bytes in
                let line = said.withLock { $0.add(bytes) }
                if let line { progress.update(line) }
            })
        let outcome = try await guest.run(request, in: directory, sinks: sinks)
        guard outcome.status == 0 else {
            var complaints = said.withLock { $0.complaints }
            if tellsWhy { complaints.append(output.withLock { String(decoding: $0, as: UTF8.self) }) }
            throw HarnessError(
                "robust-list-check \(arguments.joined(separator: " ")) failed in the guest: "
                    + ([outcome.message].compactMap { $0 } + complaints).joined(separator: "; ")
                    + "; see \(directory.path)", status: HarnessStatus(rawValue: outcome.status) ?? .setUp)
        }
        return output.withLock { $0 }
    }
}

/// Standard error of the command, line by line.
private struct LastLines {
    private var rest: [UInt8] = []
    /// All lines except those that only report progress.
    private(set) var complaints: [String] = []

    /// - Returns: the last whole line among `bytes`, if any.
    mutating func add(_ bytes: [UInt8]) -> String? {
        rest += bytes
        var last: String?
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            var line = String(decoding: rest[..<end], as: UTF8.self)
            rest.removeSubrange(...end)
            let prefix = "robust-list-check: "
            if line.hasPrefix(prefix) { line.removeFirst(prefix.count) }
            if !line.hasPrefix("case "), !line.hasPrefix("explore: ") { complaints.append(line) }
            last = line
        }
        return last
    }
}
