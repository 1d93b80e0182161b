// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness
import SystemPackage

/// `--junit` of the commands that test.
struct JUnitArgument: ParsableArguments {
    @Option(
        name: .customLong("junit"),
        help: ArgumentHelp(
            "Write the results to this file as JUnit XML, too; whole, or not at all.", valueName: "file"))
    var file: String?

    /// The file, ready to be written; nil when there is none. To be called before anything takes long: a file that is
    /// there goes, so that nobody takes its results for those of this run.
    func prepared() throws -> FilePath? {
        guard let file else { return nil }
        func refuse(_ why: String) -> HarnessError {
            HarnessError("--junit \(file): \(why); name a file that can be written", status: .usage)
        }
        let path = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(file))
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path.string, isDirectory: &isDirectory),
            isDirectory.boolValue
        {
            throw refuse("it is a directory")
        }
        do {
            try Files.makeDirectory(path.removingLastComponent())
            try Files.remove(path)
        } catch let error as HarnessError {
            throw refuse("\(error)")
        }
        guard access(path.removingLastComponent().string, W_OK) == 0 else {
            throw refuse(String(cString: strerror(errno)))
        }
        return path
    }
}
