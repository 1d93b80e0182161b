// SPDX-License-Identifier: MIT

import CRaceWindow
import Glibc
import RaceReport
import RobustFutex
import SystemPackage
import TestProcesses

/// The programs of all unlockers.
public struct VictimPrograms: Sendable {
    /// The directory's name, beside `robust-list-check`.
    public static let directoryName = "race-victims"

    /// The directory where built victims are looked for.
    public let directory: FilePath

    /// The C library that all victims get; nil: that of the machine.
    public let library: GivenLibrary?

    public init(in directory: FilePath, library: GivenLibrary? = nil) {
        self.directory = directory
        self.library = library
    }

    /// The directory beside the running program.
    public static func besideThisProgram() throws -> VictimPrograms {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
        }
        guard length > 0 else {
            throw CheckError.broken("/proc/self/exe cannot be read: is /proc mounted?")
        }
        let program = FilePath(String(decoding: buffer[..<length], as: UTF8.self))
        return VictimPrograms(in: program.removingLastComponent().appending(directoryName))
    }

    /// The program for an unlocker.
    ///
    /// - Throws: ``CannotRun`` with what is missing and how to get it.
    public func program(of unlocker: Scenario.Unlocker) throws -> VictimProgram {
        try program(of: unlocker, with: library, usesBoost: false)
    }

    /// The programs for a scenario's unlocker, and for its destroyer where that one is a process of its own.
    ///
    /// - Throws: ``CannotRun`` with what is missing and how to get it.
    func programs(
        for scenario: Scenario
    ) throws -> (unlocker: VictimProgram, destroyer: VictimProgram) {
        let usesBoost = scenario.memory == .boost
        let unlocker = try program(of: scenario.unlocker, with: library, usesBoost: usesBoost)
        let destroyer: VictimProgram
        switch scenario.destroyer {
        case .legacy, .cleanup: destroyer = unlocker
        case .patchedLibrary:
            destroyer = try program(
                of: scenario.unlocker, with: patchedLibrary(for: scenario.unlocker), usesBoost: usesBoost)
        case .preload, .preloadUnmap:
            guard case .execute(let path) = unlocker.launch else {
                throw CannotRun("nothing can be preloaded into the running program")
            }
            destroyer = .built(
                scenario.unlocker, at: path, library: unlocker.library,
                preload: .init(file: try preload(), cleansUnmapped: scenario.destroyer == .preloadUnmap))
        }
        // In one process they have one C library.
        return (scenario.memory == .remapped ? destroyer : unlocker, destroyer)
    }

    private func program(
        of unlocker: Scenario.Unlocker, with library: GivenLibrary?, usesBoost: Bool
    ) throws -> VictimProgram {
        if let library, unlocker != library.unlocker {
            throw CannotRun("\(library.loader) is the loader of \(library.unlocker.rawValue) only")
        }
        if usesBoost {
            let path = directory.appending(VictimRecipe.boostName)
            guard access(path.string, X_OK) == 0 else {
                throw CannotRun(
                    "no victim program \(path); robust-list-check victims DIR --boost INCLUDE makes it, where Boost's headers are"
                )
            }
            return .built(unlocker, at: path, library: library)
        }
        guard let recipe = library.map(VictimRecipe.of) ?? VictimRecipe.of(unlocker) else {
            return try .inThisProcess(unlocker)
        }
        return .built(unlocker, at: try path(of: recipe), library: library)
    }

    private func path(of recipe: VictimRecipe) throws -> FilePath {
        let path = directory.appending(recipe.fileName)
        guard access(path.string, X_OK) == 0 else {
            throw CannotRun(
                "no victim program \(path); robust-list-check victims DIR makes it, where \(recipe.compiler) is"
            )
        }
        return path
    }

    private func patchedLibrary(for unlocker: Scenario.Unlocker) throws -> GivenLibrary {
        let project = unlocker == .musl ? "musl" : "glibc"
        let name = unlocker == .musl ? "ld-musl-x86_64.so.1" : "ld-linux-x86-64.so.2"
        let loader = directory.appending("patched-\(project)").appending(name)
        guard access(loader.string, X_OK) == 0 else {
            throw CannotRun("no patched \(project) \(loader); ./libc-patch/build \(project) makes it")
        }
        return GivenLibrary(unlocker, version: "patched", loader: loader)
    }

    private func preload() throws -> FilePath {
        let path = directory.appending("librobust-list-preload.so")
        guard access(path.string, R_OK) == 0 else {
            throw CannotRun("no preload \(path); swift build --product robust-list-preload makes it")
        }
        return path
    }

    public func has(_ unlocker: Scenario.Unlocker) -> Bool {
        (try? program(of: unlocker)) != nil
    }

    /// Tells whether the running program is linked to the machine's C library rather than to one of its own.
    public static var thisProgramIsDynamic: Bool { crw_has_loader() }
}
