// SPDX-License-Identifier: MIT

import CRaceVictim
import Glibc
import RaceReport
import RobustFutex
import SystemPackage

/// The recipe for the victim of a C library, from the one source that is for all of them.
public struct VictimRecipe: Sendable {
    /// The unlocker that it is the only program of; nil where it serves another purpose.
    public let unlocker: Scenario.Unlocker?
    /// Of the program.
    public let fileName: String
    /// Found in PATH.
    public let compiler: String
    let options: [String]
    /// Packages that have to be installed, by Debian's names.
    let packages: String
    /// The number of sources that are compiled.
    private let sourceCount: Int

    init(
        unlocker: Scenario.Unlocker?, fileName: String? = nil, compiler: String, options: [String],
        packages: String, sources: Int = 1
    ) {
        sourceCount = sources
        self.unlocker = unlocker
        self.fileName = fileName ?? unlocker?.rawValue ?? ""
        self.compiler = compiler
        self.options = options
        self.packages = packages
    }

    public static let all = [
        VictimRecipe(
            unlocker: .glibc64, compiler: "gcc", options: ["-m64", "-Wl,-z,now"], packages: "gcc libc6-dev"),
        VictimRecipe(
            unlocker: .glibc32, compiler: "gcc", options: ["-m32", "-Wl,-z,now"], packages: "gcc-multilib"),
        VictimRecipe(unlocker: .musl, compiler: "musl-gcc", options: ["-static"], packages: "musl-tools"),
        dynamicMusl, oldGlibc,
    ]

    /// For a musl that is given: the machine need not have one to run it with.
    static let dynamicMusl = VictimRecipe(
        unlocker: nil, fileName: "musl-dynamic", compiler: "musl-gcc", options: ["-Wl,-z,now"],
        packages: "musl-tools")

    /// For a glibc older than 2.34 that is given.
    static let oldGlibc = VictimRecipe(
        unlocker: nil, fileName: "glibc64-old", compiler: "gcc",
        options: [
            "-m64", "-Wl,-z,now", "-include", "old_glibc.h", "-Wl,--wrap=__libc_start_main",
            "-Wl,--no-as-needed", "-l:libpthread.so.0",
        ], packages: "gcc libc6-dev")

    /// The file name of the victim of Boost.Interprocess.
    static let boostName = "boost"

    /// For a program in C++ whose lock is in a heap of Boost.Interprocess, with the C library of ``Scenario/Unlocker/glibc64``.
    ///
    /// - Parameter include: the directory that Boost's headers are in, as in `INCLUDE/boost/version.hpp`.
    public static func boost(include: FilePath) -> VictimRecipe {
        VictimRecipe(
            unlocker: nil, fileName: boostName, compiler: "g++",
            options: [
                "-m64", "-Wl,-z,now", "-DCRV_WITH_BOOST", "-isystem", include.string, "-x", "c++",
            ], packages: "g++ libboost1.81-dev", sources: 2)
    }

    /// Tells whether the victim can be started with the library, which is not the one it was built against.
    public func runs(_ library: GivenLibrary) -> Bool {
        fileName == Self.of(library)?.fileName
    }

    /// The one that can be started with a library that was given.
    static func of(_ library: GivenLibrary) -> VictimRecipe? {
        if library.unlocker == .musl { return dynamicMusl }
        return library.hasLibpthread ? oldGlibc : of(library.unlocker)
    }

    public static func of(_ unlocker: Scenario.Unlocker) -> VictimRecipe? {
        all.first { $0.unlocker == unlocker }
    }

    /// Builds the victim as DIRECTORY/NAME, replacing the one that is there only when that succeeded.
    ///
    /// - Parameter directory: must exist.
    /// - Throws: ``CannotRun`` when the compiler or the library is missing; what the compiler said is in it.
    public func build(in directory: FilePath) throws {
        let sources = directory.appending(".source-\(fileName)-\(getpid())")
        guard mkdir(sources.string, 0o700) == 0 else {
            throw CannotRun("\(directory): cannot create a directory there: \(Errno(rawValue: errno).name)")
        }
        defer { Self.remove(sources) }
        let files = Self.sources
        for file in files { try Self.write(file.text, to: sources.appending(file.name)) }
        let output = sources.appending("victim")
        // One in another language comes after the option that says so.
        let arguments =
            ["-O2", "-DCRV_STANDALONE", "-pthread", "-I", sources.string, "-o", output.string, "-x", "c"]
            + [sources.appending(files[0].name).string] + options
            + files.dropFirst().prefix(sourceCount - 1).map { sources.appending($0.name).string }
        let result: ToolRun.Result
        do {
            result = try ToolRun(compiler, arguments).run()
        } catch {
            throw CannotRun("\(compiler) cannot be run (\(error.name)); Debian: \(packages)")
        }
        guard result.status == 0 else {
            let line = result.output.split(separator: "\n").first { $0.contains("rror") } ?? "no reason given"
            throw CannotRun("\(compiler) did not build it: \(line); Debian: \(packages)")
        }
        guard rename(output.string, directory.appending(fileName).string) == 0 else {
            throw CannotRun("\(directory.appending(fileName)): \(Errno(rawValue: errno).name)")
        }
    }

    private static var sources: [(name: String, text: String)] {
        withUnsafeBytes(of: crv_sources) { bytes in
            bytes.bindMemory(to: crv_source.self).map { (String(cString: $0.name), String(cString: $0.text)) }
        }
    }

    private static func write(_ text: String, to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
        _ = try file.closeAfter { try file.writeAll(text.utf8) }
    }

    private static func remove(_ directory: FilePath) {
        for file in sources { unlink(directory.appending(file.name).string) }
        unlink(directory.appending("victim").string)
        rmdir(directory.string)
    }
}
