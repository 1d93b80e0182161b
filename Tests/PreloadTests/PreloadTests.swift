// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage
import Testing

/// The preload in programs that know nothing of it. Whether the calls are made is seen on any kernel; that they help is
/// shown by the race, whose destroyers have it.
@Suite(.timeLimit(.minutes(5)))
final class PreloadTests {
    private let directory: FilePath
    private let preload: FilePath

    init() throws {
        directory = FilePath(NSTemporaryDirectory()).appending("preload-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        // Beside the bundle with the tests.
        let products = Bundle.module.bundleURL.deletingLastPathComponent()
        preload = FilePath(products.path).appending(Self.name)
        try #require(
            FileManager.default.fileExists(atPath: preload.string), "\(preload) was not built")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory.string)
    }

    private static let name = "librobust-list-preload.so"

    private func source(_ name: String) throws -> String {
        try #require(Bundle.module.url(forResource: "Subjects/\(name)", withExtension: nil)).path
    }

    private struct Ended {
        var status: Int32
        var output: [String]
        var error: String
    }

    private func run(
        _ program: FilePath, _ arguments: [String] = [], preload: [FilePath]? = nil,
        environment: [Environment.Key: String] = [:]
    ) async throws -> Ended {
        let libraries = (preload ?? [self.preload]).map(\.string).joined(separator: ":")
        let result = try await Subprocess.run(
            .path(program), arguments: Arguments(arguments),
            environment: .inherit.updating(
                (["LD_PRELOAD": libraries] as [Environment.Key: String]).merging(environment) { $1 }
                    .mapValues { $0 }),
            output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        guard case .exited(let status) = result.terminationStatus else {
            Issue.record(
                "\(program) \(arguments): \(result.terminationStatus): \(result.standardError)")
            return Ended(status: -1, output: [], error: result.standardError)
        }
        return Ended(
            status: status,
            output: result.standardOutput.split(separator: "\n").map(String.init),
            error: result.standardError)
    }

    private func compile(
        _ name: String, to program: String, _ options: String..., compiler: String = "gcc"
    ) async throws -> FilePath {
        let output = directory.appending(program)
        let result = try await Subprocess.run(
            .name(compiler),
            arguments: Arguments(["-O1", "-pthread", "-o", output.string, try source(name)] + options),
            output: .discarded, error: .string(limit: 1 << 16))
        try #require(result.terminationStatus.isSuccess, "\(compiler): \(result.standardError)")
        return output
    }

    private func subject(_ options: String...) async throws -> FilePath {
        try await compile("subject.c", to: "subject", "-ldl")
    }

    /// Of a whole `pthread_mutex_t`, with flags 0.
    private static let oneCall = "call 0 40 0"
    private static let success = "result 0 errno 0"

    @Test func exportsWhatItStandsInFrontOfAndNothingElse() async throws {
        let result = try await Subprocess.run(
            .name("nm"), arguments: ["-D", "--defined-only", "--format=posix", preload.string],
            output: .string(limit: 1 << 16), error: .discarded)
        let names = result.standardOutput.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(
            names.sorted() == [
                "mmap", "mmap64", "mremap", "munmap", "pthread_mutex_clocklock", "pthread_mutex_destroy",
                "pthread_mutex_lock", "pthread_mutex_timedlock", "pthread_mutex_trylock", "shmdt",
            ])
    }

    @Test func needsTheCLibraryOnly() async throws {
        let result = try await Subprocess.run(
            .name("readelf"), arguments: ["-d", preload.string], output: .string(limit: 1 << 16),
            error: .discarded)
        let needed = result.standardOutput.matches(of: /NEEDED.*\[(.+)\]/).map { String($0.1) }
        #expect(needed == ["libc.so.6"])
    }

    @Test func callsForRobustMutexesOnlyAndLeavesErrnoAlone() async throws {
        let subject = try await subject()
        #expect(try await run(subject, ["destroy"]).output == [Self.oneCall, Self.success])
        #expect(try await run(subject, ["destroy-plain"]).output == [Self.success])
        // The program itself makes no call.
        #expect(try await run(subject, ["destroy"], preload: []).output == [Self.success])
    }

    /// A destroyed mutex has a kind with all bits set.
    @Test func callsForNoMutexThatIsDestroyedAgain() async throws {
        let subject = try await subject()
        #expect(try await run(subject, ["destroy-again"]).output == [Self.success])
        #expect(try await run(subject, ["destroy-again", "robust"]).output == [Self.oneCall, Self.success])
    }

    /// No address is given to a call that is not known to be the right one.
    @Test(arguments: [("another", 1), ("none", 2)])
    func asksBeforeItCalls(_ kernel: String, _ questions: Int) async throws {
        let ended = try await run(subject(), ["destroy-two"], environment: ["SUBJECT_KERNEL": "\(kernel)"])
        #expect(ended.output == ["questions \(questions)", Self.success])
    }

    @Test func worksInAForkedProcess() async throws {
        #expect(try await run(subject(), ["destroy", "fork"]).output == [Self.oneCall, Self.success])
    }

    @Test func worksBeforeItsConstructorHasRun() async throws {
        #expect(try await run(subject(), ["early"]).output == [Self.oneCall, Self.success])
    }

    @Test func standsInFrontOfWhatIsLoadedLater() async throws {
        let library = try await compile("library.c", to: "library.so", "-shared", "-fPIC")
        #expect(
            try await run(subject(), ["dlopened", library.string]).output == [Self.oneCall, Self.success])
    }

    @Test func twoOfItCallOneAfterTheOther() async throws {
        let copy = directory.appending("another.so")
        try FileManager.default.copyItem(atPath: preload.string, toPath: copy.string)
        let ended = try await run(subject(), ["destroy"], preload: [preload, copy])
        #expect(ended.output == [Self.oneCall, Self.oneCall, Self.success])
    }

    @Test func hasNoEffectOnStaticPrograms() async throws {
        let program = try await compile("subject.c", to: "static", "-static")
        #expect(try await run(program, ["destroy"]).output == [Self.success])
    }

    @Test(arguments: ["destroy", "munmap"])
    func doesNothingInProgramsOnMusl(what: String) async throws {
        // musl has no headers of the kernel, and some versions no such function.
        let program = try await compile(
            "subject.c", to: "musl", "-idirafter", "/usr/include", "-idirafter",
            "/usr/include/x86_64-linux-gnu",
            "-Dpthread_mutex_clocklock(mutex,clock,until)=pthread_mutex_timedlock(mutex,until)",
            compiler: "musl-gcc")
        let asked: [Environment.Key: String] = ["ROBUST_LIST_PRELOAD": "unmap"]
        #expect(try await run(program, ["where"]).output == [preload.string])
        #expect(try await run(program, [what], environment: asked).output == [Self.success])
    }

    @Test(.enabled(if: geteuid() == 0, "making a set-user-ID program of another user takes root"))
    func loaderIgnoresItInSetuidPrograms() async throws {
        let subject = try await subject()
        #expect(try await run(subject, ["where"]).output == [preload.string])
        try FileManager.default.setAttributes([.posixPermissions: 0o4755], ofItemAtPath: subject.string)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.string)
        let arguments = ["--reuid=65534", "--clear-groups", "--", subject.string, "where"]
        let ended = try await run(try FilePath(#require(Self.path(of: "setpriv"))), arguments)
        #expect(ended.output.count == 1 && ended.output[0] != preload.string, "\(ended)")
    }

    private static func path(of program: String) -> String? {
        ["/usr/bin", "/bin"].map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    @Test func leavesProgramsInSwiftAlone() async throws {
        let program = directory.appending("program")
        let built = try await Subprocess.run(
            .name("swiftc"),
            arguments: ["-parse-as-library", "-o", program.string, try source("program.swift")],
            output: .discarded, error: .string(limit: 1 << 16))
        try #require(built.terminationStatus.isSuccess, "swiftc: \(built.standardError)")
        let ended = try await run(program)
        #expect(ended.status == 0)
        #expect(ended.output == ["destroyed 0", "1225"])
    }

    @Test func loaderNamesThePreloadOfAnotherArchitecture() async throws {
        let library = try await compile("library.c", to: "library32.so", "-m32", "-shared", "-fPIC")
        let ended = try await run(subject(), ["destroy"], preload: [library])
        #expect(ended.output == [Self.success])
        #expect(ended.error.contains(library.string), "\(ended.error)")
    }

    /// The calls for memory that leaves the address space, when asked for: FUTEX2_PRIVATE is 0x80.
    @Test(arguments: [
        ("munmap", ["call 0 8192 0x80"]), ("munmap-nothing", []), ("mmap-fixed", ["call 0 4096 0x80"]),
        ("mmap", []), ("mmap-noreplace", []), ("munmap-part", ["call 0 8192 0x80"]), ("munmap-unaligned", []),
        ("munmap-huge", []), ("mmap-fixed-file", []), ("mremap-nothing", []),
        ("mremap-overlap", []), ("mremap-fixed-only", []),
        ("mremap-unaligned", []), ("mremap-unknown", []), ("mremap-dontunmap-part", []), ("shmdt-file", []),
        ("shmdt-beside", ["call 0 12288 0x80"]), ("mremap-shrink-little", ["call 4096 4096 0x80"]),
        ("mremap-shrink", ["call 4096 12288 0x80"]), ("mremap-grow", []),
        ("mremap-fixed", ["call 0 4096 0x80", "call 16384 4096 0x80"]), ("shmdt", ["call 0 12288 0x80"]),
    ])
    func cleansUpWhatIsUnmappedWhenAskedTo(what: String, calls: [String]) async throws {
        let subject = try await subject()
        let asked: [Environment.Key: String] = ["ROBUST_LIST_PRELOAD": "unmap"]
        // With or without the call.
        let refused = [
            "munmap-nothing": 22, "munmap-unaligned": 22, "munmap-huge": 22, "mmap-noreplace": 17,
            "mremap-nothing": 22, "mremap-overlap": 22, "mremap-fixed-only": 22, "mremap-unaligned": 22,
            "mremap-unknown": 22, "mremap-dontunmap-part": 22, "shmdt-file": 22,
        ]
        let result = refused[what].map { "result -1 errno \($0)" } ?? Self.success
        #expect(try await run(subject, [what], environment: asked).output == calls + [result])
        #expect(try await run(subject, [what]).output == [result], "not asked for")
        // Nor is it done by a process that has never locked a robust mutex.
        let plain = try await run(subject, ["munmap-plain"], environment: asked)
        #expect(plain.output == [Self.success])
    }

    @Test(arguments: ["lock", "trylock", "timedlock", "clocklock"])
    func noticesEveryWayToLock(how: String) async throws {
        let ended = try await run(
            subject(), ["munmap", how], environment: ["ROBUST_LIST_PRELOAD": "unmap"])
        #expect(ended.output == ["call 0 8192 0x80", Self.success])
    }
}
