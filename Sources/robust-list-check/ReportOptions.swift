// SPDX-License-Identifier: MIT

import ArgumentParser
import RobustFutexChecks
import SystemPackage

struct ReportOptions: ParsableArguments {
    @Option(
        name: .customLong("json"), help: "Also write the results to this file, as JSON, whole or not at all.")
    var path: String?

    /// nil when none was asked for.
    func open() throws -> WholeFile? {
        guard let path else { return nil }
        do {
            return try WholeFile(FilePath(path))
        } catch {
            complain("--json \(path): cannot be written: \(error)")
            throw Status.cannotCreate
        }
    }

    func write(_ value: some Encodable, to file: consuming WholeFile?) throws {
        guard let path, let file else { return }
        do {
            try file.write(value)
        } catch {
            complain("--json \(path): not written: \(error)")
            throw Status.cannotCreate
        }
    }
}
