// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// The files of the coverage of cleanup.c.
public struct CoverageFiles: Sendable {
    static let source = FilePath("kernel/futex/cleanup.c")
    static let sourceName = "cleanup.c"
    private let repository: Repository

    public init(in repository: Repository) {
        self.repository = repository
    }

    /// The patch that has the compiler count.
    var patch: FilePath { repository.root.pushing("kernel-patch/coverage/gcov.patch") }
    /// The list of the places that are not reached, with reasons.
    public var list: FilePath { repository.root.pushing("kernel-patch/coverage/unreached.json") }
    var directory: FilePath { repository.build.appending("coverage") }
    public var page: FilePath { directory.appending("cleanup.html") }

    func known() throws -> [UnreachedCode] {
        do {
            return try JSONDecoder().decode([UnreachedCode].self, from: Files.read(list))
        } catch let error as DecodingError {
            throw HarnessError("\(list): \(error)")
        }
    }
}

/// Finds out which lines and branches of cleanup.c the tests reach: builds kernels that count with gcov, and runs the
/// checks and the stress in them.
public struct CoverageRun: Sendable {
    private let builders: Builders
    private let files: CoverageFiles
    private let kernels: [Catalogue.Kernel]
    private let stressSeconds: Int

    /// - Parameters:
    ///   - names: of patched kernels, whose results are added up.
    ///   - stressSeconds: how long the stress runs in each.
    public init(_ builders: Builders, kernels names: [String], stressSeconds: Int) throws {
        self.builders = builders
        self.stressSeconds = stressSeconds
        files = CoverageFiles(in: builders.repository)
        kernels = try names.map { name in
            var kernel = try builders.catalogue.kernel(named: name)
            guard kernel.patched, kernel.base == builders.catalogue.bases[0].name else {
                throw HarnessError(
                    "the kernel '\(name)' has no cleanup.c of \(builders.catalogue.bases[0].name)",
                    status: .usage)
            }
            kernel.name = name.replacing("patched", with: "coverage")
            kernel.config.append("coverage")
            return kernel
        }
    }

    /// - Parameter update: write the list of what is not reached anew, with the reasons that it has.
    public func run(update: Bool) async throws -> CoverageReport {
        let known = try files.known()
        var merged: GcovReport?
        var source: [String] = []
        for kernel in kernels {
            let (report, text) = try await reach(kernel)
            if merged == nil { merged = report } else { merged?.merge(report) }
            source = text
        }
        let report = CoverageReport(merged!, source: source, known: known)
        try Files.write(Data("\(report.page)\n".utf8), to: files.page)
        if update { try Files.write(json: report.updatedList, to: files.list) }
        return report
    }

    /// Runs everything on one kernel.
    private func reach(
        _ kernel: Catalogue.Kernel
    ) async throws -> (report: GcovReport, source: [String]) {
        var builders = builders
        builders.seriesChange.further = [
            PatchSeries.Patch(
                // Relative to the series.
                name: "coverage/gcov.patch",
                text: String(decoding: try Files.read(files.patch), as: UTF8.self))
        ]
        let guest = try await builders.guest(kernel: kernel, image: .suite, options: .init())
        let tree = builders.kernels.directory(of: kernel).appending("tree")
        let directory = try RunDirectory(.coverage, in: builders.repository, kernel: kernel.name)
        let counts = try await builders.progress.stage("checks and stress on \(kernel.name)") {
            try await execute(in: guest, directory)
        }
        let scratch = files.directory.appending(kernel.name)
        try Files.remove(scratch)
        try Files.write(Data(counts), to: scratch.appending("cleanup.gcda"))
        let notes = tree.pushing("kernel/futex/cleanup.gcno")
        guard Files.exists(notes) else {
            throw HarnessError("\(notes) is missing: the compiler did not instrument cleanup.c")
        }
        try Files.write(Files.read(notes), to: scratch.appending("cleanup.gcno"))
        let json = try await Tool(
            "gcov", ["--json-format", "--stdout", "--branch-probabilities", "cleanup.gcda"],
            directory: scratch
        ).output()
        let text = String(decoding: try Files.read(tree.pushing(CoverageFiles.source)), as: UTF8.self)
        return (
            try GcovReport(Data(json.utf8), of: CoverageFiles.sourceName),
            text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        )
    }

    /// The checks' results go to standard error, the counts to standard output.
    private var script: String {
        """
        \(GuestPath.robustListCheck) run --limit 600 >&2
        checks=$?
        \(GuestPath.robustListCheck) stress --seconds \(stressSeconds) >&2 || checks=1
        /bin/busybox find /sys/kernel/debug/gcov -name cleanup.gcda -exec /bin/busybox cat {} +
        exit $checks
        """
    }

    private func execute(in guest: Guest, _ directory: RunDirectory) async throws -> [UInt8] {
        let request = GuestRequest(
            root: .image, workingDirectory: "/tmp",
            environment: [
                "PATH=/usr/bin:/bin", "HOME=/root", "ROBUST_LIST_EXT4_IMAGE=\(GuestPath.ext4Image)",
                "ROBUST_LIST_SLOWNESS=\(guest.kernel.slowness)",
            ], arguments: ["/bin/busybox", "sh", "-c", script])
        let ended = LineCount("checks ended", progress: builders.progress)
        let transcript = try await guest.transcript(
            of: request, in: directory, onErrorLine: { ended.addResult($0) })
        let outcome = transcript.outcome
        try Files.write(Data(transcript.error), to: directory.suiteOutput)
        if let fault = outcome.faults.first {
            throw HarnessError("the kernel reported: \(fault.text); see \(directory.path)")
        }
        guard outcome.status == 0 else {
            throw HarnessError(
                "\(outcome.message ?? "a check failed (status \(outcome.status))"); see \(directory.path)")
        }
        guard !transcript.output.isEmpty else {
            throw HarnessError("the guest has no counts of cleanup.c; see \(directory.path)")
        }
        return transcript.output
    }
}
