// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol

/// The result of `qemu/guest/stress` on one kernel.
public struct StressRun: Codable, Equatable, Sendable {
    public var kernel: String
    public var seconds: Int
    public var calls: Int
    public var destroyed: Int
    /// Locks whose memory the kernel wrote to after it had another owner.
    public var corrupted: Int
    public var threads: Int
    /// Words of dead threads' robust list heads that changed after the memory had another owner.
    public var changed: Int
    /// Faults that the kernel reported meanwhile.
    public var faults: [String]

    /// - Parameter text: the program's output.
    init(kernel: String, seconds: Int, text: String, faults: [String]) throws {
        let pattern =
            /stress: (\d+) calls; (\d+) locks destroyed, (\d+) corrupted; (\d+) threads gone, (\d+) words of their memory changed/
        guard let match = text.firstMatch(of: pattern) else {
            throw HarnessError("the stress on \(kernel) came to no result: \(text.suffix(300))")
        }
        self.kernel = kernel
        self.seconds = seconds
        calls = Int(match.1)!
        destroyed = Int(match.2)!
        corrupted = Int(match.3)!
        threads = Int(match.4)!
        changed = Int(match.5)!
        self.faults = faults
    }

    var problems: [String] {
        var problems = faults.map { "\(kernel): the kernel reported under stress: \($0)" }
        if corrupted > 0 {
            problems.append(
                "\(kernel): \(corrupted) of \(destroyed) locks' memory was corrupted under stress")
        }
        if changed > 0 {
            problems.append("\(kernel): \(changed) words of dead threads' memory changed under stress")
        }
        // One that did nothing has shown nothing.
        if calls == 0 || destroyed == 0 || threads == 0 {
            problems.append("\(kernel): the stress was none: \(summary)")
        }
        return problems
    }

    var summary: String {
        "\(corrupted) of \(destroyed) locks, \(changed) of \(threads) heads"
    }

    static func run(_ builders: Builders, in guest: Guest, seconds: Int) async throws -> StressRun {
        let programs = GuestPrograms(
            repository: builders.repository, architecture: guest.architecture, progress: builders.progress)
        let program = try await programs.stress()
        let directory = try RunDirectory(.selftests, in: builders.repository, kernel: guest.kernel.name)
        let request = GuestRequest(
            root: builders.root(of: guest.architecture),
            sharedDirectory: builders.repository.root.string, workingDirectory: "/tmp",
            environment: ["PATH=/bin:/usr/bin"], arguments: [program.string, String(seconds)])
        let progress = builders.progress
        let transcript = try await guest.transcript(
            of: request, in: directory, onLine: { progress.update($0) })
        try Files.write(Data(transcript.output + transcript.error), to: directory.suiteOutput)
        if !transcript.outcome.commandEnded, let message = transcript.outcome.message {
            throw HarnessError("\(message); see \(directory.path)")
        }
        return try StressRun(
            kernel: guest.kernel.name, seconds: seconds,
            text: String(decoding: transcript.output + transcript.error, as: UTF8.self),
            faults: transcript.outcome.faults.map(\.text))
    }
}
