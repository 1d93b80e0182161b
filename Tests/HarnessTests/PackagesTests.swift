// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import GuestHarness

/// `qemu/packages` beside another one that installs: apt-get does not wait for its like.
@Suite struct PackagesTests {
    private let script: FilePath

    init() throws {
        script = try Repository.containing(FilePath(#filePath)).root.appending("qemu/packages")
    }

    /// Runs the script where a package is missing.
    ///
    /// - Parameters:
    ///   - flock: the commands of the program that waits for the lock; the file `there` means that the package is installed.
    /// - Returns: the exit status, what it said, and what it told apt-get to do.
    private func run(flock: String) async throws -> (status: Int32, error: String, called: [String]) {
        try await withTemporaryDirectory { directory in
            let called = directory.appending("called")
            try write("", to: called)
            for (name, commands) in [
                ("flock", "readlink /proc/self/fd/9 >\(directory)/locked; \(flock)"),
                ("dpkg-query", "[ -e there ] && printf installed"),
                ("sudo", #"[ "$1" = -n ] && shift; exec "$@""#),
                ("apt-get", "echo $1 >>\(called); [ ! -e /proc/self/fd/9 ]"),
            ] {
                let program = directory.appending(name)
                try write("#!/bin/sh\n\(commands)\n", to: program)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: program.string)
            }
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let result = try await Subprocess.run(
                .path(script), arguments: ["some-package"],
                environment: .inherit.updating(["PATH": "\(directory):\(path)"]), workingDirectory: directory,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            guard case .exited(let status) = result.terminationStatus else {
                throw HarnessError("\(script) ended with \(result.terminationStatus)")
            }
            #expect(try text(of: directory.appending("locked")) == "\(script)\n")
            return (
                status, result.standardError,
                try text(of: called).split(separator: "\n").map(String.init)
            )
        }
    }

    /// apt-get does not inherit the lock, which what it starts in the background would keep.
    @Test func installsWithTheLock() async throws {
        let (status, error, called) = try await run(flock: "exit 0")
        #expect(status == 0, "\(error)")
        #expect(called == ["update", "install"])
    }

    @Test func hasNothingToDoWhenAnotherHasInstalledIt() async throws {
        let (status, error, called) = try await run(flock: "touch there")
        #expect(status == 0, "\(error)")
        #expect(called == [])
    }

    @Test func givesUpWhenAnotherDoesNotEnd() async throws {
        let (status, error, called) = try await run(flock: "exit 1")
        #expect(status == HarnessStatus.setUp.rawValue)
        #expect(error.contains("another \(script) has been installing packages for 15 minutes"))
        #expect(called == [])
    }
}
