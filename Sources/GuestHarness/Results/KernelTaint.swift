// SPDX-License-Identifier: MIT

/// The kernel's taint flags before and after a test.
public struct KernelTaint: Codable, Equatable, Sendable {
    public var before: UInt64
    public var after: UInt64

    /// Flags that are set now and were not before, as the kernel's letters with their meaning; empty when there are none.
    public var added: [String] { Self.words(after & ~before) }

    /// The flags in `value`.
    static func words(_ value: UInt64) -> [String] {
        (0..<64).filter { value & 1 << $0 != 0 }.map { bit in
            bit < flags.count ? flags[bit] : "bit \(bit)"
        }
    }

    /// From bit 0 on, as Documentation/admin-guide/tainted-kernels.rst has them.
    private static let flags = [
        "P (proprietary module)", "F (module forced in)", "S (processor out of specification)",
        "R (module forced out)", "M (machine check)", "B (bad page)", "U (requested by a program)",
        "D (oops or BUG)", "A (ACPI table overridden)", "W (warning)", "C (staging driver)",
        "I (firmware workaround)", "O (module from elsewhere)", "E (unsigned module)", "L (soft lockup)",
        "K (live patch)", "X (auxiliary)", "T (randomized structures)", "N (test of the kernel's own)",
        "J (fwctl)",
    ]
}
