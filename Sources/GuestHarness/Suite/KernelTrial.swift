// SPDX-License-Identifier: MIT

/// The suite, and the selftest that the series brings, on a kernel with a changed series.
struct KernelTrial: Sendable {
    private let builders: Builders
    private let kernel: Catalogue.Kernel
    /// The name of the change to the series, a single word.
    private let name: String
    private let kind: RunDirectory.Kind
    private let expectation: SuiteExpectation

    /// - Parameter builders: with the change of the series.
    init(
        _ builders: Builders, of kernel: Catalogue.Kernel, named name: String, kind: RunDirectory.Kind,
        expectation: SuiteExpectation
    ) {
        self.builders = builders
        self.kernel = kernel
        self.name = name
        self.kind = kind
        self.expectation = expectation
    }

    struct Outcome: Sendable {
        var release: String
        var accelerator: Accelerator
        var suite: SuiteRunner.Run
        var selftest: SelftestRun.KernelRun
    }

    /// All that the outcome depends on but for the selftest, to be compared with what it was at another time.
    ///
    /// - Parameter suite: the identity of the suite's sources.
    func inputs(_ suite: [String]) async throws -> [String] {
        try await builders.kernels.inputs(of: kernel) + suite + ["\(expectation)"]
    }

    /// Builds the kernel, and runs both on it.
    func run(_ selftests: SelftestPrograms) async throws -> Outcome {
        let guest = try await builders.guest(kernel: kernel, image: .suite, options: .init())
        let directory = try RunDirectory(kind, in: builders.repository, kernel: "\(kernel.name)-\(name)")
        let suite = try await builders.progress.stage("suite on \(kernel.name), \(name)") {
            try await SuiteRunner(progress: builders.progress).run(
                in: guest, expectation: expectation, filter: nil, directory: directory)
        }
        let commandGuest = try await builders.guest(kernel: kernel, image: .command, options: .init())
        let selftest = try await builders.progress.stage("selftest on \(kernel.name), \(name)") {
            try await SelftestRun(builders).run(
                selftests, only: [SelftestPrograms.ofTheSeries], on: kernel, in: commandGuest)
        }
        return Outcome(
            release: guest.kernel.release, accelerator: guest.accelerator, suite: suite, selftest: selftest)
    }
}
