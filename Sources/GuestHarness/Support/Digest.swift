// SPDX-License-Identifier: MIT

import SystemPackage

/// Names contents by what they are.
public enum Digest {
    /// Tells apart texts that nobody makes up to look the same: FNV-1a with 64 bits, in hexadecimal.
    static func mark(of text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

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
