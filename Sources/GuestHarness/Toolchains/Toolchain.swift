// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The compiler of an architecture, with all that programs of its guests are linked with.
struct Toolchain: Sendable {
    let architecture: Architecture
    private let compilers: CrossCompilers
    /// A source file that is linked into each of them.
    let lineBuffering: FilePath

    init(_ architecture: Architecture, repository: Repository, progress: Progress) {
        self.architecture = architecture
        lineBuffering = repository.root.appending("qemu/guest/selftests/line_buffered.c")
        compilers = CrossCompilers(repository: repository, progress: progress)
    }

    /// The compiler, which is got if it is not there.
    func compiler() async throws -> CrossCompilers.Compiler {
        if let triplet = architecture.triplet {
            try await compilers.getLibrary(for: triplet, architecture: architecture.debian)
        }
        return try compilers.compiler(for: architecture.triplet)
    }

    /// The static C library that the compiler links programs with.
    func archive(_ compiler: CrossCompilers.Compiler) async throws -> String {
        try await Tool(
            compiler.program, architecture.compilerOptions + ["-print-file-name=libc.a"],
            environment: compiler.environment
        ).output().trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Arguments for makefiles of selftests that guests other than the host's architecture run, which have no libraries.
    func staticLinking(_ compiler: CrossCompilers.Compiler) -> [String] {
        let words = [compiler.program] + architecture.compilerOptions
        return [
            "CC=\(words.joined(separator: " "))", "LDFLAGS=-static \(lineBuffering)",
            // The libraries that it finds are the host's.
            "PKG_CONFIG=false",
        ]
    }
}
