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

    public init(in directory: FilePath) {
        self.directory = directory
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
        guard let recipe = VictimRecipe.of(unlocker) else { return try .inThisProcess(unlocker) }
        let path = directory.appending(recipe.fileName)
        guard access(path.string, X_OK) == 0 else {
            throw CannotRun(
                "no victim program \(path); robust-list-check victims DIR makes it, where \(recipe.compiler) is"
            )
        }
        return .built(unlocker, at: path)
    }

    public func has(_ unlocker: Scenario.Unlocker) -> Bool {
        (try? program(of: unlocker)) != nil
    }

    /// Tells whether the running program is linked to the machine's C library rather than to one of its own.
    public static var thisProgramIsDynamic: Bool { crw_has_loader() }
}
