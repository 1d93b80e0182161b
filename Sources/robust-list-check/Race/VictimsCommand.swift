// SPDX-License-Identifier: MIT

import ArgumentParser
import Glibc
import RaceReport
import RaceWindow
import SystemPackage

struct VictimsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "victims",
        abstract: "Build the programs whose unlock `race` stops, with this machine's compilers.",
        discussion: """
            Builds one for each C library: glibc64, glibc64-old and glibc32 (with gcc, the last with gcc-multilib), musl \
            and musl-dynamic (with musl-gcc). The first three use the libraries of the machine they run on, the last is for \
            a musl that is given with --libc. Exits 1 if one could not be built; the others are built nevertheless.
            """)

    @Argument(help: "Directory for the programs; created if it does not exist.")
    var directory: String

    @Option(name: .customLong("unlocker"), help: "Build only this one; may be repeated.")
    var unlockers: [Scenario.Unlocker] = []

    @Option(
        help: ArgumentHelp(
            "Build also the victim of Boost.Interprocess, with Boost's headers (1.78 or newer) in this directory.",
            valueName: "include"))
    var boost: String?

    func run() throws {
        let path = FilePath(directory)
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            complain("\(directory): cannot be created: \(Errno(rawValue: errno))")
            throw Status.cannotCreate
        }
        var missing = false
        for recipe in VictimRecipe.all + (boost.map { [.boost(include: FilePath($0))] } ?? [])
        where unlockers.isEmpty || recipe.unlocker.map(unlockers.contains) == true {
            do {
                try recipe.build(in: path)
                print(path.appending(recipe.fileName))
            } catch {
                complain("\(recipe.fileName): \(error)")
                missing = true
            }
        }
        if missing { throw Status.failure }
    }

    func validate() throws {
        for unlocker in unlockers where VictimRecipe.of(unlocker) == nil {
            throw ValidationError(
                "--unlocker \(unlocker.rawValue): has no program of its own; there is nothing to build")
        }
    }
}
