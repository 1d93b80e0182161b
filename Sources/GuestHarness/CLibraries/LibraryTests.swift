// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import SystemPackage

/// The tests of mutexes of a C library that was built, on this machine and in guests.
struct LibraryTests {
    let built: BuiltLibrary
    let builders: Builders
    /// The build with the series, for a library without it: the series' own tests are taken from there.
    var withSeries: BuiltLibrary?

    private var directory: FilePath { LibraryCatalogue.directory(in: builders.repository).appending("tests") }
    private var programs: FilePath { built.prefix.removingLastComponent().appending("tests") }
    private var log: FilePath { built.prefix.removingLastComponent().appending("tests.log") }
    private var nptlDirectories: [FilePath] {
        ["nptl", "sysdeps/pthread", "sysdeps/nptl"].map { built.source.pushing(FilePath($0)) }
    }

    /// glibc's own tests of mutexes and robust mutexes.
    private var nptlTests: [String] {
        guard built.library.project == .glibc else { return [] }
        let names = nptlDirectories.flatMap { Files.list($0) }.compactMap { file in
            file.wholeMatch(of: /(tst-(mutex|robust).*)\.c/).map { String($0.1) }
        }
        return Set(names).sorted()
    }

    /// Builds what is not built yet.
    func build() async throws {
        try Files.makeDirectory(programs)
        let source = directory.appending("mutex.c").string
        let common = ["-O2", "-pthread", "-Wall", "-Wextra", "-Werror"]
        let library = built.libraries.string
        for kind in Kind.allCases {
            let output = ["-o", programs.appending(kind.rawValue).string, source]
            let isStatic = kind == .static ? ["-static"] : []
            switch built.library.project {
            case .musl:
                try await Tool(
                    built.prefix.appending("bin/musl-gcc").string, common + isStatic + output
                ).runLogged(to: log)
            case .glibc:
                // Its start files and archives, not the machine's; headers are the same.
                try await Tool(
                    "gcc",
                    common + isStatic + ["-B\(library)", "-L\(library)"] + output
                        + ["-Wl,--dynamic-linker=\(built.loader)", "-Wl,-rpath=\(library)"]
                ).runLogged(to: log)
            }
        }
        guard !nptlTests.isEmpty else { return }
        // pthread_cancel() loads it, and glibc's own tests look for it among their libraries.
        let unwinder = try await Tool("gcc", ["--print-file-name=libgcc_s.so.1"]).output()
            .trimmingCharacters(in: .newlines)
        try Files.write(
            Files.read(FilePath(unwinder)), to: built.objects.appending("libgcc_s.so.1"))
        let jobs = "-j\(ProcessInfo.processInfo.activeProcessorCount)"
        try await LibraryBuilder.tool(
            "make",
            ["-r", jobs, "-C", built.source.appending("nptl").string, "objdir=\(built.objects)"]
                + nptlTests.map { built.objects.pushing(FilePath("nptl/\($0)")).string }
        ).runLogged(to: log, append: true)
    }

    private enum Kind: String, CaseIterable {
        case dynamic, `static`
    }

    /// The command that runs them all, wherever this machine's files can be seen.
    private var script: String {
        var lines = Kind.allCases.map { kind in
            let program = Tool.shellQuoted(programs.appending(kind.rawValue).string)
            return """
                { \(program) || echo "fail exit: status $?"; } | sed 's,^\\([a-z]*\\) ,\\1 \(kind.rawValue)/,'
                """
        }
        if !nptlTests.isEmpty { lines.append(nptl(nptlTests, from: built)) }
        if let withSeries, built.library.project == .glibc {
            lines.append(nptl([LibraryComparison.dynamicTestOfSeries], from: withSeries))
        }
        return lines.joined(separator: "\n")
    }

    private func nptl(_ tests: [String], from other: BuiltLibrary) -> String {
        let words =
            [directory.appending("nptl").string, built.objects.string, other.objects.string] + tests
        return words.map(Tool.shellQuoted).joined(separator: " ")
    }

    /// Of the tests of glibc, which are made for machines that are not emulated.
    private static let timeoutFactor = "TIMEOUTFACTOR=10"

    func resultsOnHost() async throws -> LibraryTestResults {
        var lines: [String] = []
        _ = try await Tool("env", [Self.timeoutFactor, "sh", "-c", script]).status { line in
            lines.append(line)
            builders.progress.update("\(lines.count) tests ended")
        }
        return LibraryTestResults(lines.joined(separator: "\n"))
    }

    /// - Throws: when the guest goes away, or its kernel reports a fault.
    func results(in guest: Guest) async throws -> LibraryTestResults {
        let directory = try RunDirectory(.libraries, in: builders.repository, kernel: guest.kernel.name)
        let request = GuestRequest(
            root: .host, sharedDirectory: builders.repository.build.string, workingDirectory: "/tmp",
            environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", Self.timeoutFactor],
            arguments: ["sh", "-c", script])
        let ended = LineCount("tests ended", progress: builders.progress)
        let transcript = try await guest.transcript(
            of: request, in: directory, onLine: { _ in ended.add() })
        let outcome = transcript.outcome
        try Files.write(Data(transcript.output), to: directory.suiteOutput)
        if !outcome.commandEnded {
            throw HarnessError("\(outcome.message ?? "the guest went away"); see \(directory.path)")
        }
        if let fault = outcome.faults.first {
            throw HarnessError("the kernel reported: \(fault.text); see \(directory.path)")
        }
        return LibraryTestResults(transcript.text)
    }
}

extension Builders {
    /// Stops where a patched C library must not run on this machine: it makes the call by its number without asking, and
    /// here that is another one.
    func requireNumberToBeFree() async throws {
        try await swift.buildStatic()
        let probe = try await Tool(swift.products.robustListCheck.string, ["probe"]).output()
        guard !Self.saysNumberIsTaken(probe) else {
            throw HarnessError(
                "this machine's kernel has another system call of the number that a patched C library makes, and the tests run here too; ./qemu/compare --all runs such libraries in guests only"
            )
        }
    }

    /// - Parameter probe: the output of `robust-list-check probe`.
    static func saysNumberIsTaken(_ probe: String) -> Bool {
        probe.contains(/(?m)^cleanup_robust_list: +number taken/)
    }
}

/// Builds C libraries with the series and without it, runs their tests, and compares.
public struct LibraryCheck: Sendable {
    private let builders: Builders

    public init(_ builders: Builders) {
        self.builders = builders
    }

    /// Limit for all tests of one library in a guest.
    private static let limit = Duration.seconds(3_600)

    public func run(_ library: CLibrary) async throws -> [LibraryComparison] {
        try await builders.requireNumberToBeFree()
        var results: [LibraryComparison.Place: [LibraryTestResults]] = [:]
        let kernel = try builders.catalogue.kernel(named: "patched")
        var withSeries: BuiltLibrary?
        for library in [library, library.unpatched] {
            let built = try await LibraryBuilder(builders).build(library)
            let tests = LibraryTests(built: built, builders: builders, withSeries: withSeries)
            withSeries = built
            try await builders.progress.stage("\(library.name): build of its tests") {
                try await tests.build()
            }
            results[.host, default: []].append(
                try await builders.progress.stage("\(library.name): tests on this machine") {
                    try await tests.resultsOnHost()
                })
            let guest = try await builders.guest(
                kernel: kernel, image: .command, options: .init(commandLimit: Self.limit))
            results[.guest, default: []].append(
                try await builders.progress.stage("\(library.name): tests in a guest") {
                    try await tests.results(in: guest)
                })
        }
        return LibraryComparison.Place.allCases.map { place in
            LibraryComparison(
                library: library.name, place: place, unpatched: results[place]![1],
                patched: results[place]![0])
        }
    }
}
