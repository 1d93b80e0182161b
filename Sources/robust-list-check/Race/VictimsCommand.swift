// SPDX-License-Identifier: MIT

import ArgumentParser
import Glibc
import RaceReport
import RaceWindow
import SystemPackage

struct VictimsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "victims",
        abstract: "Build the programs whose unlock `race` holds, with this machine's compilers.",
        discussion: """
            One for each C library: glibc64 and glibc32 (gcc; gcc-multilib for the second), musl (musl-gcc). The \
            first two use the libraries of the machine that they run on. Exits 1 when one could not be built; the \
            others are there then.
            """)

    @Argument(help: "Directory for the programs; made if it is not there.")
    var directory: String

    @Option(name: .customLong("unlocker"), help: "Build only this one; may be repeated.")
    var unlockers: [Scenario.Unlocker] = []

    func run() throws {
        let path = FilePath(directory)
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            complain("\(directory): cannot be made: \(Errno(rawValue: errno))")
            throw Status.cannotCreate
        }
        var missing = false
        for recipe in VictimRecipe.all where unlockers.isEmpty || unlockers.contains(recipe.unlocker) {
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
                "--unlocker \(unlocker.rawValue): is no program of its own; nothing to build")
        }
    }
}
