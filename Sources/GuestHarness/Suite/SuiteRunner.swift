// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import Subprocess
import Synchronization
import SystemPackage

/// Runs the package's tests: in a guest, or on this machine.
public struct SuiteRunner: Sendable {
    /// A finished run of tests.
    public struct Run: Sendable {
        public var results: SuiteResults
        public var violations: [String]
        /// Problems beside the tests themselves: of the process that ran them.
        public var extraProblems: [String] = []
        public var faults: [ConsoleLog.Fault]
        /// Data races reported in which the new system call has no part.
        public var otherDataRaces = 0
        public var directory: FilePath
        public var release: String?
        /// The message of the guest's run, when it did not end as it should.
        public var message: String?

        /// Tells whether every result is the expected one.
        public var isGood: Bool {
            violations.isEmpty && extraProblems.isEmpty && faults.isEmpty && message == nil
        }
    }

    /// The module whose tests run in guests.
    public static let guestModule = "SyscallTests"

    let progress: Progress

    public init(progress: Progress) {
        self.progress = progress
    }

    /// The regular expression that selects the tests of `module` that also match `filter`.
    public static func selection(module: String, filter: String?) throws -> String {
        guard let filter else { return "^\(module)\\." }
        do {
            _ = try Regex(filter)
        } catch {
            throw HarnessError("--filter '\(filter)' is not a regular expression: \(error)", status: .usage)
        }
        return "^\(module)\\..*(?:\(filter))"
    }

    /// The arguments of the test bundle. Without the first two it runs no test and reports success.
    static func arguments(selection: String, stream: String) -> [String] {
        [
            "--testing-library", "swift-testing", "--filter", selection,
            "--event-stream-output-path", stream, "--event-stream-version", "0",
        ]
    }

    /// Runs the syscall suite in `guest`.
    public func run(
        in guest: Guest, expectation: SuiteExpectation, filter: String?, directory: RunDirectory
    ) async throws -> Run {
        let selection = try Self.selection(module: Self.guestModule, filter: filter)
        let request = GuestRequest(
            root: .image, workingDirectory: "/tmp",
            environment: [
                "PATH=/usr/bin:/bin", "HOME=/root", "ROBUST_LIST_CHECK=\(GuestPath.robustListCheck)",
                "ROBUST_LIST_EXT4_IMAGE=\(GuestPath.ext4Image)",
                "ROBUST_LIST_SLOWNESS=\(guest.kernel.slowness)", "\(TaintRecord.variable)=1",
            ] + SeriesFeature.environment(expectation.unfinished),
            arguments: [GuestPath.testBundle]
                + Self.arguments(selection: selection, stream: GuestPath.events))
        let collector = try Collector(directory: directory, progress: progress)
        let sinks = Guest.Sinks(
            output: { collector.standardOutput($0) }, error: { collector.output($0) },
            events: { collector.events($0) })
        let outcome = try await guest.run(request, in: directory, sinks: sinks)
        let results = try collector.finish()
        try refuseEmpty(results, outcome.status, filter)
        var message = outcome.commandEnded && outcome.faults.isEmpty ? nil : outcome.message
        if outcome.commandEnded, outcome.status > 128 { message = outcome.message }
        let run = Run(
            results: results, violations: expectation.violations(in: results, isWhole: filter == nil),
            faults: outcome.faults, otherDataRaces: outcome.otherDataRaces, directory: directory.path,
            release: outcome.release, message: message)
        let report = ResultsReport(
            kernel: guest.kernel.name, release: outcome.release, accelerator: guest.accelerator.rawValue,
            expectation: expectation, tests: results.tests, violations: run.violations,
            faults: run.faults, guestSeconds: outcome.commandSeconds)
        try Files.write(json: report, to: directory.results)
        return run
    }

    /// Runs the tests of `module` on this machine.
    public func runHere(
        module: String, products: SwiftProducts, expectation: SuiteExpectation, directory: RunDirectory
    ) async throws -> Run {
        let collector = try Collector(directory: directory, progress: progress)
        let stream = directory.path.appending("stream")
        let file = try FileDescriptor.open(
            stream, .readWrite, options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        var tool = Tool(
            products.testBundle.string,
            Self.arguments(selection: try Self.selection(module: module, filter: nil), stream: stream.string))
        tool.environment = ["ROBUST_LIST_CHECK": products.robustListCheck.string]
        let status = try await file.closeAfter { () async throws -> TerminationStatus in
            let status = try await tool.status { line in
                collector.output(Array("\(line)\n".utf8))
                // A line on the output comes with an event in the stream.
                try collector.takeEvents(from: file)
            }
            try collector.takeEvents(from: file)
            return status
        }
        try Files.remove(stream)
        let results = try collector.finish()
        let violations = expectation.violations(in: results)
        let unexplained = !status.isSuccess && violations.isEmpty
        return Run(
            results: results, violations: violations,
            extraProblems: unexplained ? ["the test process ended with \(status)"] : [], faults: [],
            directory: directory.path, release: nil, message: nil)
    }

    /// EX_UNAVAILABLE is what Swift Testing exits with when nothing matched.
    private func refuseEmpty(_ results: SuiteResults, _ status: Int32, _ filter: String?) throws {
        guard let filter, status == 69, results.tests.isEmpty else { return }
        throw HarnessError("no test of the suite matches --filter '\(filter)'", status: .usage)
    }
}

/// Takes in what a test process writes, and keeps it in the run's directory. Thread-safe.
final class Collector: Sendable {
    private let results = Mutex(SuiteResults())
    private let outputFile: FileDescriptor
    private let streamFile: FileDescriptor
    private let progress: Progress

    init(directory: RunDirectory, progress: Progress) throws {
        self.progress = progress
        func create(_ path: FilePath) throws -> FileDescriptor {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        }
        outputFile = try create(directory.suiteOutput)
        streamFile = try create(directory.eventStream)
    }

    func output(_ bytes: [UInt8]) {
        _ = try? outputFile.writeAll(bytes)
    }

    /// Output of the suite itself, which has records in it.
    func standardOutput(_ bytes: [UInt8]) {
        output(bytes)
        results.withLock { $0.appendOutput(bytes) }
    }

    func events(_ bytes: [UInt8]) {
        _ = try? streamFile.writeAll(bytes)
        let (finished, all) = results.withLock {
            $0.append(bytes)
            return ($0.finished, $0.tests.count)
        }
        progress.update("\(finished) of \(all) tests")
    }

    /// Takes what a file has got since the last time.
    func takeEvents(from file: FileDescriptor) throws {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
            guard count > 0 else { return }
            events(Array(bytes[..<count]))
        }
    }

    func finish() throws -> SuiteResults {
        try outputFile.close()
        try streamFile.close()
        return results.withLock { $0 }
    }
}
