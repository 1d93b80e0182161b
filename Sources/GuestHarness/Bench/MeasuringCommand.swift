// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol

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
            root: .image, workingDirectory: "/",
            environment: [
                "PATH=/usr/bin:/bin", "ROBUST_LIST_EXT4_IMAGE=\(GuestPath.ext4Image)",
                "ROBUST_LIST_SLOWNESS=\(guest.kernel.slowness)",
            ],
            arguments: [GuestPath.robustListCheck] + arguments)
        let transcript = try await guest.transcript(
            of: request, in: directory, onErrorLine: { [progress] in progress.update(Self.withoutName($0)) })
        let outcome = transcript.outcome
        guard outcome.status == 0 else {
            // All lines except those that only report progress.
            var complaints = String(decoding: transcript.error, as: UTF8.self).split(separator: "\n")
                .map { Self.withoutName(String($0)) }
                .filter { !$0.hasPrefix("case ") && !$0.hasPrefix("explore: ") }
            if tellsWhy { complaints.append(transcript.text) }
            throw HarnessError(
                "robust-list-check \(arguments.joined(separator: " ")) failed in the guest: "
                    + ([outcome.message].compactMap { $0 } + complaints).joined(separator: "; ")
                    + "; see \(directory.path)", status: HarnessStatus(rawValue: outcome.status) ?? .setUp)
        }
        return transcript.output
    }

    static func withoutName(_ line: String) -> String {
        String(line.trimmingPrefix("robust-list-check: "))
    }
}
