// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// A directory for the logs of one run of a guest: `build/runs/<time>-<kernel>-<pid>/`, or in a directory there for
/// runs that nobody started one by one.
public struct RunDirectory: Sendable {
    /// Kinds of runs that are kept apart: many of one kind remove none of another, whose logs somebody may be reading.
    public enum Kind: String, Sendable, CaseIterable {
        /// Started by a person.
        case own
        /// Started by `./test`, `./qemu/compare`, `./qemu/selftests`, `kernel-patch/mutate`,
        /// `kernel-patch/check --suite`, `./qemu/run --bench`, `libc-patch/check`, `./qemu/coverage`,
        /// `kernel-patch/evidence`, and to find out whether KVM works.
        case test, compare, selftests, mutate, bypatch, bench, libraries, coverage, evidence, probe
    }

    public let path: FilePath
    /// Its path below `build/runs`.
    let name: String

    /// The console, from the first character of the kernel to the last.
    public var console: FilePath { path.appending("console.log") }
    /// The QEMU command, to be run again by hand, and what QEMU itself says.
    public var commandLine: FilePath { path.appending("qemu.sh") }
    public var qemuLog: FilePath { path.appending("qemu.log") }
    /// The end of the run.
    public var outcome: FilePath { path.appending("status.json") }
    /// The suite's event stream as it came, and what was made of it.
    public var eventStream: FilePath { path.appending("events.jsonl") }
    public var results: FilePath { path.appending("results.json") }
    /// The suite's own output.
    public var suiteOutput: FilePath { path.appending("output.log") }

    /// Number of directories kept of a kind: more than one command makes.
    static let kept = 200

    /// Makes a directory for a new run, and removes the oldest of many of its kind.
    public init(_ kind: Kind, in repository: Repository, kernel: String) throws {
        let runs = kind == .own ? repository.runs : repository.runs.appending(kind.rawValue)
        try Files.makeDirectory(runs)
        // Their names begin with the year. Another run that begins may remove the same ones; what stays goes next time.
        for old in Files.list(runs).filter({ $0.first?.isNumber ?? false }).dropLast(Self.kept - 1) {
            try? Files.remove(runs.appending(old))
        }
        let format = Date.VerbatimFormatStyle(
            format: """
                \(year: .defaultDigits)\(month: .twoDigits)\(day: .twoDigits)-\
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\
                \(minute: .twoDigits)\(second: .twoDigits)
                """, timeZone: .current, calendar: .init(identifier: .gregorian))
        let stem = "\(Date().formatted(format))-\(kernel)-\(ProcessInfo.processInfo.processIdentifier)"
        var candidate = runs.appending(stem)
        var number = 2
        while mkdir(candidate.string, 0o755) != 0 {
            guard errno == EEXIST else {
                throw HarnessError("cannot create \(candidate): \(String(cString: strerror(errno)))")
            }
            candidate = runs.appending("\(stem).\(number)")
            number += 1
        }
        path = candidate
        let last = candidate.lastComponent!.string
        name = kind == .own ? last : "\(kind.rawValue)/\(last)"
    }
}
