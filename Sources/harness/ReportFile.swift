// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness
import SystemPackage

/// The end of a run that has a report: written whole or not at all, printed, and the exit status.
struct ReportFile {
    /// Below the build directory, where no other file is named.
    let directory: String
    let json: String?
    let shard: Shard?

    /// - Throws: the exit status 1 if the report is not good.
    func finish(_ report: some Encodable, lines: [String], isGood: Bool, _ builders: Builders) throws {
        let name = "\(directory)/report\(shard?.fileSuffix ?? "").json"
        let file = json.map { FilePath($0) } ?? builders.repository.build.appending(name)
        try Files.write(json: report, to: file)
        print(lines.joined(separator: "\n"))
        print("report   \(file)")
        guard isGood else { throw ExitCode(1) }
    }
}
