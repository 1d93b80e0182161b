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

/// Finds out which lines and branches of cleanup.c are reached: builds kernels that count with gcov, and runs the checks
/// and the stress in them, or random worlds.
public struct CoverageRun: Sendable {
    /// The things that are run, with their durations in seconds.
    public enum Activity: Sendable {
        /// Every check, and the stress for so long.
        case checks(stress: Int)
        /// Random worlds, which the counts guide.
        case worlds(Int)

        var name: String {
            switch self {
            case .checks: "checks and stress"
            case .worlds: "guided worlds"
            }
        }
    }

    private let builders: Builders
    private let files: CoverageFiles
    private let kernels: [Catalogue.Kernel]
    private let activity: Activity

    /// - Parameters:
    ///   - names: of patched kernels, whose results are added up.
    ///   - activity: in each of them.
    public init(_ builders: Builders, kernels names: [String], _ activity: Activity) throws {
        self.builders = builders
        self.activity = activity
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
        let counts = try await builders.progress.stage("\(activity.name) on \(kernel.name)") {
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

    /// The results go to standard error, the counts to standard output.
    private var script: String {
        let commands =
            switch activity {
            case .checks(let stress): ["run --limit 600", "stress --seconds \(stress)"]
            case .worlds(let seconds): ["explore --guided --seconds \(seconds) --complete"]
            }
        return """
            status=0
            \(commands.map { "\(GuestPath.robustListCheck) \($0) >&2 || status=1" }.joined(separator: "\n"))
            /bin/busybox find /sys/kernel/debug/gcov -name cleanup.gcda -exec /bin/busybox cat {} +
            exit $status
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
            of: request, in: directory,
            onErrorLine: { [progress = builders.progress] line in
                if case .worlds = activity {
                    progress.update(MeasuringCommand.withoutName(line))
                } else {
                    ended.addResult(line)
                }
            })
        let outcome = transcript.outcome
        try Files.write(Data(transcript.error), to: directory.suiteOutput)
        if let fault = outcome.faults.first {
            throw HarnessError("the kernel reported: \(fault.text); see \(directory.path)")
        }
        guard outcome.status == 0 else {
            throw HarnessError(
                "\(outcome.message ?? "\(activity.name): something failed (status \(outcome.status))"); see \(directory.path)"
            )
        }
        // The last line of the worlds says how many there were.
        if case .worlds = activity, let line = transcript.error.split(separator: UInt8(ascii: "\n")).last {
            builders.progress.note(String(decoding: line, as: UTF8.self))
        }
        guard !transcript.output.isEmpty else {
            throw HarnessError("the guest has no counts of cleanup.c; see \(directory.path)")
        }
        return transcript.output
    }
}
