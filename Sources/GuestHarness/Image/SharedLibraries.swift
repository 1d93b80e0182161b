// SPDX-License-Identifier: MIT

import SystemPackage

/// The libraries that the dynamic loader loads for a program.
enum SharedLibraries {
    /// Absolute paths of the libraries and of the loader itself, as this machine resolves them; none for a
    /// static program.
    static func needed(by program: FilePath) async throws -> [FilePath] {
        var lines: [String] = []
        let status = try await Tool("ldd", [program.string], environment: ["LC_ALL": "C"])
            .status { lines.append($0) }
        let text = lines.joined(separator: "\n")
        guard status.isSuccess else {
            // That is a failure to ldd.
            if text.contains("not a dynamic executable") { return [] }
            throw HarnessError("ldd \(program) failed (\(status)): \(text)")
        }
        return try parse(text, of: program)
    }

    /// - Parameter text: the output of `ldd`.
    static func parse(_ text: String, of program: FilePath) throws -> [FilePath] {
        var libraries: [FilePath] = []
        for line in text.split(separator: "\n") {
            if line.contains("not found") {
                throw HarnessError("\(program) needs a library that is missing: \(line.drop { $0 == "\t" })")
            }
            if let match = line.firstMatch(of: /(\/\S+) \(0x[0-9a-f]+\)/) {
                libraries.append(FilePath(String(match.1)))
            }
        }
        return libraries
    }
}
