// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// A kernel that has all mutants of cleanup.c, of which a number in a file selects one; 0 is the code as it is.
///
/// `kernel-patch/mutants` makes such a kernel.
public struct MutantKernel {
    private static let directory: FilePath = "/sys/module/cleanup/parameters"
    private static let selection = directory.appending("mutant")
    private static let reached = directory.appending("reached")

    /// nil on any other kernel.
    public init?() {
        guard access(Self.selection.string, W_OK) == 0 else { return nil }
    }

    public func select(_ number: Int) throws { try writeText("\(number)", to: Self.selection) }

    /// Forgets what was reached.
    public func forget() throws { try writeText("0", to: Self.reached) }

    /// The mutants whose place in the code was reached since then, as the bits of bytes in hexadecimal digits.
    public func reachedDigits() throws -> String {
        try readText(Self.reached).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
    }
}
