// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

extension CLibrary.Project: ExpressibleByArgument {}

/// `libc-patch/build`.
struct LibraryBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "libc-build",
        abstract: "Builds a C library whose pthread_mutex_destroy() calls cleanup_robust_list(2).",
        usage: "libc-patch/build glibc|musl [--version V] [--unpatched]",
        discussion: """
            Fetches the source from Debian's archive, applies the series in libc-patch/NAME/VERSION, and builds and \
            installs it in build/libc/NAME-VERSION. Apart from Debian packages that the build needs, nothing else on the machine \
            changes. An interrupted build continues where it left off. Prints the path of the dynamic loader, which starts \
            programs with this library.
            """)

    @Argument(help: "The C library: glibc or musl.")
    var project: CLibrary.Project

    @Option(help: "Its version; libc-patch has a directory for each. (default: that of this Debian release)")
    var version: String?

    @Flag(help: "Build it without the series, to compare.")
    var unpatched = false

    func run() async throws {
        let builders = try Builders()
        var library = try LibraryCatalogue(of: builders.repository).library(project, version: version)
        library.isPatched = !unpatched
        try await builders.installPackages(LibraryBuilder.packages(for: project))
        print(try await LibraryBuilder(builders).build(library).loader)
    }
}

/// `libc-patch/check`.
struct LibraryCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "libc-check",
        abstract: "Runs the tests of mutexes of patched C libraries, and compares with unpatched ones.",
        usage: "libc-patch/check [glibc|musl] [--version V]",
        discussion: """
            Builds the library with the series and without it, and runs glibc's own nptl tests of mutexes and robust \
            mutexes, and those in libc-patch/tests, on this machine and in a guest whose kernel has \
            cleanup_robust_list(2). The tests of the series itself must pass in the guest, be skipped on a kernel without the \
            call, and fail without the series. No other test may fail, and each must give the same result with the \
            series and without it. The exit status is 0 \
            only if that is so. glibc takes two builds of about 12 minutes of processor time each.
            """)

    @Argument(help: "The C library: glibc or musl. (default: both)")
    var project: CLibrary.Project?

    @Option(help: "Its version; libc-patch has a directory for each. (default: that of this Debian release)")
    var version: String?

    func validate() throws {
        guard version == nil || project != nil else {
            throw ValidationError("--version needs the name of the library")
        }
    }

    func run() async throws {
        let builders = try Builders()
        let catalogue = try LibraryCatalogue(of: builders.repository)
        let projects = project.map { [$0] } ?? CLibrary.Project.allCases
        let libraries = try projects.map { try catalogue.library($0, version: version) }
        try await builders.installPackages(projects.flatMap(LibraryBuilder.packages))
        var comparisons: [LibraryComparison] = []
        for library in libraries { comparisons += try await LibraryCheck(builders).run(library) }
        let rows = [LibraryComparison.header] + comparisons.map(\.row)
        print(TextTable.lines(of: rows).joined(separator: "\n"))
        let problems = comparisons.flatMap(\.problems)
        for problem in problems { print("WRONG    \(problem)") }
        guard problems.isEmpty else { throw ExitCode(1) }
    }
}

/// `libc-patch/cost`.
struct LibraryCostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "libc-cost",
        abstract: "Measures what patched glibc and the preload cost a program on this machine.",
        usage: "libc-patch/cost",
        discussion: """
            Prints nanoseconds: medians of nine rounds of 200,000 operations each, in a process with one thread, with \
            this machine's glibc, the preload, and every glibc that libc-patch/build has built. On a kernel without \
            cleanup_robust_list(2) that is the cost of a call that fails. An idle machine is needed.
            """)

    func run() async throws {
        let builders = try Builders()
        try await builders.installPackages()
        let rows = try await LibraryCost(builders).rows()
        print(TextTable.lines(of: rows).joined(separator: "\n"))
    }
}

/// `libc-patch/storm`.
struct StormCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "libc-storm",
        abstract: "Kills processes that use a database with robust mutexes, with the preload and without.",
        usage: "libc-patch/storm [--seconds S] [--kernel NAME]",
        discussion: """
            Four processes in a guest open, change and close a database of Debian's LMDB or tdb, and are killed one after \
            the other at arbitrary points. No transaction may be lost or half done, no call may fail and no process may \
            wait for ever, with the preload or without it. The exit status is 0 only if that is so.
            """)

    @Option(help: "Duration of each run, in seconds.")
    var seconds = 20

    @Option(help: "The kernel, one of those that ./qemu/run --list names.")
    var kernel = "patched"

    func validate() throws {
        guard seconds > 0 else { throw ValidationError("--seconds must be at least 1, not \(seconds)") }
    }

    func run() async throws {
        let builders = try Builders()
        let kernel = try builders.catalogue.kernel(named: kernel)
        try await builders.installPackages()
        let runs = try await Storm(builders).runs(kernel: kernel, seconds: seconds)
        let rows =
            [["database", "", "transactions", "opens", "kills", ""]]
            + runs.map { run in
                [
                    run.database.rawValue, run.setting.rawValue, String(run.transactions), String(run.opens),
                    String(run.kills), run.problems.isEmpty ? "unharmed" : "WRONG",
                ]
            }
        print(TextTable.lines(of: rows).joined(separator: "\n"))
        let problems = runs.flatMap { run in
            run.problems.map { "\(run.database.rawValue), \(run.setting.rawValue): \($0)" }
        }
        for problem in problems { print("WRONG    \(problem)") }
        guard problems.isEmpty else { throw ExitCode(1) }
    }
}
