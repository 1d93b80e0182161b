// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness

/// The command as the user typed it, which `qemu/harness` hands over for the script that was called.
enum TypedCommand {
    /// As in `./qemu/run`; nil when the harness was started directly. First read before anything else is started, which
    /// must not inherit it.
    static let name: String? = {
        let variable = "ROBUST_FUTEX_TYPED"
        defer { unsetenv(variable) }
        return ProcessInfo.processInfo.environment[variable]
    }()

    /// Makes a message of the parser's name what was typed where it names the harness and its command.
    static func adapt(_ message: String, arguments: [String]) -> String {
        guard let name, arguments.count > 1 else { return message }
        return message.replacing("harness \(arguments[1])", with: name)
    }

    /// Puts the command's name before a message, and a hint after one that is about usage.
    static func frame(_ error: HarnessError) -> String {
        guard let name, error.status == .usage else { return "harness: \(error)" }
        return "\(name): \(error)\n  See '\(name) --help' for more information."
    }
}

extension Builders {
    /// Installs the Debian packages that the harness needs, and `further` ones. To be called once a command knows that
    /// there is something to do.
    ///
    /// A harness that was started directly takes the machine as it is.
    func installPackages(_ further: [String] = []) async throws {
        guard TypedCommand.name != nil else { return }
        try await run("qemu/prepare", ["--packages"])
        if !further.isEmpty { try await run("qemu/packages", further) }
    }

    /// Installs what the project needs, QEMU for the architectures of `kernels`, and `further` packages.
    func installPackages(for kernels: [Catalogue.Kernel], and further: [String] = []) async throws {
        let machines = Set(kernels.flatMap { self.kernels.architecture(of: $0).packages }).sorted()
        try await installPackages(machines + further)
    }

    /// Installs packages without which some of what a command does cannot be done, and says so.
    func tryToInstallPackages(_ packages: [String], without consequence: String) async throws {
        do {
            try await installPackages(packages)
        } catch let error as HarnessError {
            progress.note("\(error); \(consequence)")
        }
    }

    /// Runs a script of the project's whose last line says why, if it fails.
    private func run(_ script: String, _ arguments: [String]) async throws {
        var last: String?
        let status = try await Tool(repository.root.appending(script).string, arguments).status { line in
            if let last { FileHandle.standardError.write(Data("\(last)\n".utf8)) }
            last = line
        }
        guard status.isSuccess else {
            let reason = last.map { String($0.trimmingPrefix("harness: ")) }
            throw HarnessError(reason ?? "\(script) failed (\(status))")
        }
        if let last { FileHandle.standardError.write(Data("\(last)\n".utf8)) }
    }
}
