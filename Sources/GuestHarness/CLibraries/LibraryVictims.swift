// SPDX-License-Identifier: MIT

import SystemPackage

extension RaceVictims {
    /// Puts a C library that makes the call beside them, where the command looks for it.
    func add(_ built: BuiltLibrary) throws {
        let target = directory.appending("patched-\(built.library.project.rawValue)")
        var files = [built.loader]
        // The second for programs in C++: one glibc's does not go with another's libc.so.6.
        if built.library.project == .glibc {
            files += ["libc.so.6", "libm.so.6"].map { built.libraries.appending($0) }
        }
        for file in files { try Self.copy(file, to: target.appending(file.lastComponent!)) }
    }
}
