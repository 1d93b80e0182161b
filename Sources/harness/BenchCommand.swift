// SPDX-License-Identifier: MIT

import ArgumentParser
import BenchReport
import GuestHarness

/// `./qemu/run --bench`.
struct BenchArguments: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Measure what the system call costs, and who pays, in guest instructions.",
            discussion: """
                Boots each kernel until two boots in a row give the same numbers within 1 %, with a clock that \
                counts instructions. Fails if five boots are not enough, or if the cost of anything changes, beyond \
                the lookup of the system call and noise, for programs that do not make the call. A missed \
                target is shown, but is not a failure. Another guest, with four processors, shows whether four callers at once slow one another down when there are many other \
                processes. That fails if a call searches all processes, or if the calls per second fall below \
                0.85 of those without the other processes. Writes build/bench/KERNEL.json.
                """))
    var bench = false

    @Option(
        name: .customLong("bench-kernel"),
        help: ArgumentHelp(
            "Kernel to measure; may be repeated. (default: \(BenchRun.kernels.joined(separator: ", ")); "
                + "with --tree \(BenchRun.kernelsWithTree.joined(separator: ", ")), the patched one from the tree)",
            valueName: "kernel"))
    var kernels: [String] = []

    @Option(
        name: .customLong("bench-case"),
        help: ArgumentHelp(
            "Measure only the cases whose name matches this regular expression, and write no file; may be repeated.",
            valueName: "regex"))
    var cases: [String] = []

    @Flag(
        name: .customLong("bench-callers"),
        help: "Measure only several callers at once, and write no file.")
    var onlyCallers = false

    func validate() throws {
        guard bench || (kernels.isEmpty && cases.isEmpty && !onlyCallers) else {
            throw ValidationError("--bench-kernel, --bench-case and --bench-callers need --bench")
        }
        guard !onlyCallers || cases.isEmpty else {
            throw ValidationError("--bench-callers measures no cases: it cannot be used with --bench-case")
        }
        for pattern in cases where (try? Regex(pattern)) == nil {
            throw ValidationError("--bench-case: not a regular expression: '\(pattern)'")
        }
    }

    /// Measures, prints, and fails as the help says.
    ///
    /// - Parameter tree: the tree that patched kernels are built from instead of their base with the series.
    func run(_ builders: Builders, tree: GivenTree?) async throws {
        let standard = tree == nil ? BenchRun.kernels : BenchRun.kernelsWithTree
        let chosen = try (kernels.isEmpty ? standard : kernels).map { name in
            let kernel = try builders.catalogue.kernel(named: name)
            guard let tree, kernel.patched else { return kernel }
            return kernel.built(from: tree)
        }
        try await builders.installPackages()
        if onlyCallers { return try await runCallers(chosen, builders) }
        var records: [BenchRecord] = []
        for kernel in chosen {
            records.append(try await BenchRun(builders, filters: cases).measure(kernel))
        }
        let summary = BenchSummary(records)
        print(summary.lines.joined(separator: "\n"))
        print("")
        for record in records where cases.isEmpty {
            print("record   \(builders.repository.build)/bench/\(record.kernel).json")
        }
        print("time     \(Progress.format(seconds: builders.progress.times.total)); \(records[0].emulator)")
        for complaint in summary.complaints { print("WRONG    \(complaint)") }
        guard summary.complaints.isEmpty else { throw ExitCode(1) }
    }

    /// Fails when a kernel does, and when there was none on which it could be measured.
    private func runCallers(_ chosen: [Catalogue.Kernel], _ builders: Builders) async throws {
        var verdicts: [CallersReport.Verdict?] = []
        for kernel in chosen {
            guard let report = try await BenchRun(builders).callers(kernel) else { continue }
            print(CallersTable(report).lines.joined(separator: "\n") + "\n")
            verdicts.append(report.verdict)
        }
        guard !verdicts.isEmpty else {
            print("WRONG    none of these kernels has the call and knows the owners of address spaces")
            throw ExitCode(1)
        }
        guard verdicts.allSatisfy({ $0 == .met || $0 == .missed }) else { throw ExitCode(1) }
    }
}
