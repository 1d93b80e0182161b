// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import GuestProtocol
import SystemPackage

/// `./qemu/run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Boots a kernel in QEMU and runs the test suite or a command in it.",
        usage: """
            ./qemu/run [OPTIONS]                      the test suite
            ./qemu/run [OPTIONS] -- COMMAND [ARG ...] your command
            ./qemu/run [OPTIONS] --shell              a shell, on your terminal
            ./qemu/run --list                         the kernels
            ./qemu/run --bench                        what the system call costs
            ./qemu/run --tree DIR [OPTIONS] …         the same with a kernel of your own tree
            """,
        discussion: """
            Builds what is missing or out of date first. Without a command, the exit status is 0 if every test \
            passed and the kernel's log is clean, and 1 otherwise.

            A command sees the host's root file system (what it writes there stays in the guest's memory) and this \
            checkout, which it can write to. Its standard output and standard error are passed on separately, and \
            its standard input is empty. It does not get your environment: use env NAME=VALUE COMMAND. Its exit status is \
            returned: 128+N if signal N killed it, 127 if there is no such command, 126 if it cannot be executed.

            With --shell your terminal is the guest's until the shell ends (exit, Ctrl-D): every key goes there, Ctrl-C too. \
            It ends after 24 hours, or after --timeout.

            The harness has exit statuses of its own:
            \(HarnessStatus.allCases.map { "  \($0.rawValue)  \($0.explanation)" }.joined(separator: "\n"))

            With LINUX_SRC=DIR in the environment, the kernel source is copied from DIR instead of fetched from \
            Debian, and the series is applied to it. With --tree DIR the kernel is built from a copy of DIR as it is; \
            the suite expects the series in it. After a change in DIR only what changed is built again. The logs of \
            each run are in build/runs.
            """)

    @OptionGroup var machine: MachineArguments

    @OptionGroup var measuring: BenchArguments

    @Option(help: "Run only the tests whose identifier matches this regular expression.")
    var filter: String?

    @OptionGroup var junit: JUnitArgument

    @Flag(help: "Open a shell in the guest, on this terminal.")
    var shell = false

    @Flag(help: "Show the kernels and whether they are built.")
    var list = false

    @Flag(help: "Print the QEMU command and do nothing.")
    var dryRun = false

    /// For tests of this command, whose runs are nobody's own.
    @Option(name: .customLong("kind-of-run"), help: .hidden)
    var kind = RunDirectory.Kind.own

    @Argument(parsing: .postTerminator, help: "The command to run in the guest, after --.")
    var command: [String] = []

    func validate() throws {
        if filter != nil, !command.isEmpty {
            throw ValidationError("--filter selects tests of the suite; it cannot be used with a command")
        }
        if shell, filter != nil || !command.isEmpty || measuring.bench || list {
            throw ValidationError(
                "--shell is a command of its own: give neither another nor --filter, --bench or --list")
        }
        if junit.file != nil, shell || measuring.bench || list || dryRun || !command.isEmpty {
            throw ValidationError("--junit reports on the suite, which this command does not run")
        }
        if measuring.bench, filter != nil || !command.isEmpty {
            throw ValidationError(
                "--bench runs neither the suite nor a command; use --bench-case to select cases")
        }
    }

    func run() async throws {
        let builders = try Builders()
        if list { return await printKernels(builders) }
        if measuring.bench { return try await measuring.run(builders, tree: machine.given.tree) }
        let kernel = try machine.kernel(of: builders.catalogue)
        _ = try SuiteRunner.selection(module: SuiteRunner.guestModule, filter: filter)
        let terminal = shell && !dryRun ? try HostTerminal() : nil
        if dryRun { return try await printCommand(builders, kernel) }
        let report = try junit.prepared()
        try await builders.installPackages(for: [kernel])
        if let terminal {
            try await runShell(builders, kernel, terminal)
        } else if command.isEmpty {
            try await runSuite(builders, kernel, report)
        } else {
            try await runCommand(builders, kernel)
        }
    }

    private func request(_ builders: Builders, _ kernel: Catalogue.Kernel) -> GuestRequest {
        GuestRequest(
            root: builders.root(of: kernel), sharedDirectory: builders.repository.root.string,
            workingDirectory: FileManager.default.currentDirectoryPath,
            environment: [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                "TERM=dumb",
            ],
            arguments: command.isEmpty ? [GuestPath.testBundle] : command)
    }

    private func runCommand(_ builders: Builders, _ kernel: Catalogue.Kernel) async throws {
        let guest = try await builders.guest(kernel: kernel, image: .command, options: machine.options)
        let directory = try RunDirectory(kind, in: builders.repository, kernel: kernel.name)
        let sinks = Guest.Sinks(
            output: { FileHandle.standardOutput.write(Data($0)) },
            error: { FileHandle.standardError.write(Data($0)) })
        let outcome = try await guest.run(request(builders, kernel), in: directory, sinks: sinks)
        if let message = outcome.message { builders.progress.note(message) }
        throw ExitCode(outcome.status)
    }

    /// A session takes as long as the user wants it to.
    private static let shellLimit = Duration.seconds(24 * 3600)

    private func runShell(
        _ builders: Builders, _ kernel: Catalogue.Kernel, _ terminal: HostTerminal
    ) async throws {
        var options = machine.options
        options.commandLimit = options.commandLimit ?? Self.shellLimit
        let guest = try await builders.guest(kernel: kernel, image: .command, options: options)
        let directory = try RunDirectory(kind, in: builders.repository, kernel: kernel.name)
        builders.progress.note("a shell in the guest; exit or Ctrl-D ends it, and the guest with it")
        let name = ProcessInfo.processInfo.environment["TERM"] ?? "vt100"
        var request = request(builders, kernel)
        request.environment = request.environment.filter { !$0.hasPrefix("TERM=") } + ["TERM=\(name)"]
        // The guest sees the host's, if it can run it.
        let hasBash = request.root == .host && access("/bin/bash", X_OK) == 0
        request.arguments = [hasBash ? "/bin/bash" : "/bin/sh"]
        request.terminal = terminal.window
        let sinks = Guest.Sinks(
            output: { FileHandle.standardOutput.write(Data($0)) },
            error: { FileHandle.standardError.write(Data($0)) })
        let outcome = try await guest.run(request, in: directory, sinks: sinks, terminal: terminal)
        if let message = outcome.message { builders.progress.note(message) }
        throw ExitCode(outcome.status)
    }

    private func runSuite(
        _ builders: Builders, _ kernel: Catalogue.Kernel, _ report: FilePath?
    ) async throws {
        let expectation = SuiteExpectation(of: kernel)
        let guest = try await builders.guest(kernel: kernel, image: .suite, options: machine.options)
        let directory = try RunDirectory(kind, in: builders.repository, kernel: kernel.name)
        let run = try await builders.progress.stage("suite on \(kernel.name)") {
            try await SuiteRunner(progress: builders.progress).run(
                in: guest, expectation: expectation, filter: filter,
                directory: directory)
        }
        if let report {
            let suite = JUnitReport.Suite(
                of: run, name: kernel.name, expectation: expectation, isWhole: filter == nil)
            try JUnitReport(name: "run", suites: [suite]).write(to: report)
        }
        print(ResultsTable.lines(of: run.results).joined(separator: "\n"))
        print("\n\(ResultsTable.counts(of: run.results))")
        print(
            "kernel   \(kernel.name), \(run.release ?? "never came up") (\(guest.accelerator.rawValue.uppercased()))"
        )
        let times = builders.progress.times
        let stages = times.stages.map { "\($0.name) \(Progress.format(seconds: $0.seconds))" }
        print(
            "times    \((stages + ["in all \(Progress.format(seconds: times.total))"]).joined(separator: ", "))"
        )
        print("logs     \(run.directory)")
        if run.otherDataRaces > 0 {
            print("note     \(run.otherDataRaces) data races reported that do not involve the system call")
        }
        for fault in run.faults { print("FAULT    \(fault.text) (console.log line \(fault.line))") }
        for violation in run.violations { print("WRONG    \(violation)") }
        if let message = run.message { print("WRONG    \(message)") }
        guard run.isGood else { throw ExitCode(1) }
    }

    private func printCommand(_ builders: Builders, _ kernel: Catalogue.Kernel) async throws {
        let image: GuestImage = command.isEmpty && !shell ? .suite : .command
        let guest = await builders.plannedGuest(kernel: kernel, image: image, options: machine.options)
        var request = request(builders, kernel)
        if command.isEmpty, !shell { request.root = .image }
        print(guest.commandLine(request: request, in: builders.repository.runs.appending("RUN")))
    }

    private func printKernels(_ builders: Builders) async {
        var rows = [["KERNEL", "STATE", "RELEASE", "FOR"]]
        for kernel in builders.catalogue.kernels {
            let (state, release) = await builders.kernels.state(of: kernel)
            rows.append([kernel.name, state.rawValue, release ?? "-", kernel.purpose])
        }
        print(TextTable.lines(of: rows).joined(separator: "\n"))
        print("\nbuilt in \(builders.repository.kernels)")
    }
}

extension RunDirectory.Kind: ExpressibleByArgument {}
