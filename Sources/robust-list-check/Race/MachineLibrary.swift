// SPDX-License-Identifier: MIT

import Glibc
import RaceReport
import RaceWindow
import SystemPackage

/// The C library that a user means by "this machine's", and how to get at it.
struct MachineLibrary {
    let unlocker: Scenario.Unlocker
    let programs: VictimPrograms
    /// What to tell the user about it.
    let hints: [String]
    /// To be removed with all that is in it.
    private let temporary: FilePath?

    /// This program's own library, when it is the machine's; else that of a victim that was built, or that can be
    /// built here and now; else this program's own after all.
    static func find(_ programs: VictimPrograms) throws -> MachineLibrary {
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
                "This program is linked statically: the C library looked at is the one inside it, not this machine's.",
                "To look at another, run `robust-list-check victims DIR` where gcc is, copy DIR here, and give it as --victims DIR;",
                "glibc64 in it uses whatever glibc (2.34 or newer) it finds. With gcc here it is made when needed.",
            ], temporary: nil)
    }

    func close() {
        guard let temporary else { return }
        unlink(temporary.appending(Scenario.Unlocker.glibc64.rawValue).string)
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
