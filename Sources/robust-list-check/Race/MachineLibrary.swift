// SPDX-License-Identifier: MIT

import Glibc
import RaceReport
import RaceWindow
import SystemPackage

/// The C library that a user means by "this machine's", and the program that uses it.
struct MachineLibrary {
    let unlocker: Scenario.Unlocker
    let programs: VictimPrograms
    /// Advice for the user.
    let hints: [String]
    /// To be removed with all that is in it.
    private let temporary: FilePath?

    /// This program's own library, when it is the machine's; else that of a victim that was built, or that can be
    /// built here and now; else this program's own after all.
    static func find(_ programs: VictimPrograms) throws -> MachineLibrary {
        if let library = programs.library { return try find(library, programs) }
        if VictimPrograms.thisProgramIsDynamic {
            return MachineLibrary(unlocker: .own, programs: programs, hints: [], temporary: nil)
        }
        if programs.has(.glibc64) {
            return MachineLibrary(unlocker: .glibc64, programs: programs, hints: [], temporary: nil)
        }
        if let directory = temporaryDirectory(), let recipe = VictimRecipe.of(.glibc64) {
            do {
                try recipe.build(in: directory)
                return MachineLibrary(
                    unlocker: .glibc64, programs: VictimPrograms(in: directory), hints: [],
                    temporary: directory)
            } catch {
                rmdir(directory.string)
            }
        }
        return MachineLibrary(
            unlocker: .own, programs: programs,
            hints: [
                "This program is linked statically, so the C library tested is the one inside it, not this machine's.",
                "To test another, run `robust-list-check victims DIR` on a machine with gcc, copy DIR here, and pass --victims DIR;",
                "glibc64 in it uses the glibc (2.34 or newer) that it finds. With gcc on this machine it is built when needed.",
            ], temporary: nil)
    }

    /// A library that was given, with a victim that was built or can be built here and now.
    private static func find(_ library: GivenLibrary, _ programs: VictimPrograms) throws -> MachineLibrary {
        if programs.has(library.unlocker) {
            return MachineLibrary(unlocker: library.unlocker, programs: programs, hints: [], temporary: nil)
        }
        guard let directory = temporaryDirectory() else {
            throw CannotRun("no temporary directory to build a victim in")
        }
        let built = MachineLibrary(
            unlocker: library.unlocker, programs: VictimPrograms(in: directory, library: library),
            hints: [], temporary: directory)
        do {
            for recipe in VictimRecipe.all where recipe.runs(library) { try recipe.build(in: directory) }
        } catch {
            built.close()
            complain("\(error)")
            throw Status.allSkipped
        }
        return built
    }

    func close() {
        guard let temporary else { return }
        for recipe in VictimRecipe.all { unlink(temporary.appending(recipe.fileName).string) }
        rmdir(temporary.string)
    }

    private static func temporaryDirectory() -> FilePath? {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/robust-race-XXXXXX".utf8CString)
        return mkdtemp(&template) == nil
            ? nil
            : FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}
