// SPDX-License-Identifier: MIT

import SystemPackage

/// Names contents by what they are.
public enum Digest {
    /// SHA-256 of a file, in hexadecimal.
    public static func sha256(of path: FilePath) async throws -> String {
        let line = try await Tool("sha256sum", ["--binary", "--", path.string]).output()
        // A name with odd characters makes sha256sum begin the line with a backslash.
        guard let match = line.firstMatch(of: #/^\\?([0-9a-f]{64}) /#) else {
            throw HarnessError("sha256sum gave no digest of \(path): \(line)")
        }
        return String(match.1)
    }
}
