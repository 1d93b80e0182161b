// SPDX-License-Identifier: MIT

import Glibc
import SystemPackage

/// The means that this kernel offers against the race, on the destroyer's side and on the unlocker's.
public struct KernelCapabilities: Sendable {
    /// As uname(2) gives them.
    public let release: String
    public let machine: String
    public let syscall: SyscallDetection
    public let robustUnlock: RobustUnlockSupport
    /// Those of ``VDSO/robustUnlockFunctions`` that the vDSO exports.
    public let vdsoFunctions: [String]

    /// Looks at the running kernel.
    ///
    /// - Throws: `ENOMEM` when there is no memory to look with.
    public static func ofThisKernel() throws(Errno) -> KernelCapabilities {
        var names = utsname()
        uname(&names)
        let exported = Set(VDSO.ofThisProcess().functions)
        return KernelCapabilities(
            release: text(&names.release), machine: text(&names.machine), syscall: .ofThisKernel,
            robustUnlock: try .ofThisKernel(),
            vdsoFunctions: VDSO.robustUnlockFunctions.filter(exported.contains))
    }
}

/// A NUL-terminated member of `utsname`, which Swift sees as a tuple.
private func text<Member>(_ member: inout Member) -> String {
    withUnsafeBytes(of: &member) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
