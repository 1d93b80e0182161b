// SPDX-License-Identifier: MIT

import Foundation
import Subprocess
import SystemPackage

/// Runs the programs that the harness is made of: make, apt-get, tar, qemu, swift.
///
/// None outlives the harness: each is in a process group of its own that is ended when the task is
/// cancelled, and asks the kernel (through setpriv) for a signal when the harness is killed. That
/// signal comes when the *thread* that started the program ends; Subprocess starts programs from
/// one thread that lives as long as the process.
public struct Tool: Sendable {
    public var name: String
    public var arguments: [String]
    public var directory: FilePath?
    /// Added to the harness's own environment.
    public var environment: [String: String] = [:]
    /// The signal that the program gets when the harness is killed, by setpriv's name. SIGTERM lets make end its
    /// own children; what has none can be killed at once.
    public var deathSignal = "TERM"

    public init(
        _ name: String, _ arguments: [String], directory: FilePath? = nil,
        environment: [String: String] = [:]
    ) {
        self.name = name
        self.arguments = arguments
        self.directory = directory
        self.environment = environment
    }

    /// The whole command, quoted for a shell.
    public var commandLine: String {
        ([name] + arguments).map(Self.shellQuoted).joined(separator: " ")
    }

    public static func shellQuoted(_ word: String) -> String {
        let plain = word.unicodeScalars.allSatisfy {
            $0.isASCII
                && (CharacterSet.alphanumerics.contains($0) || "-_=+,./:@%".unicodeScalars.contains($0))
        }
        if plain, !word.isEmpty { return word }
        return "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// Standard output of a program that must succeed; its standard error goes into the message if not.
    public func output(limit: Int = 64 << 20) async throws -> String {
        let result = try await Subprocess.run(
            configuration(), output: .string(limit: limit), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw failure(result.terminationStatus, said: result.standardError)
        }
        return result.standardOutput
    }

    /// Runs a program whose lines, of standard output and standard error, go to `onLine`.
    public func status(onLine: (String) throws -> Void) async throws -> TerminationStatus {
        try await Subprocess.run(configuration(), input: .none, output: .sequence, error: .combinedWithOutput)
        { execution in
            for try await line in execution.standardOutput.strings() {
                try onLine(line.hasSuffix("\n") ? String(line.dropLast()) : line)
            }
        }.terminationStatus
    }

    /// Runs a program that must succeed and keeps all it says in `log`.
    public func runLogged(to log: FilePath, append: Bool = false, onLine: (String) -> Void = { _ in })
        async throws
    {
        try Files.makeDirectory(log.removingLastComponent())
        let mode: FileDescriptor.OpenOptions = append ? [.create, .append] : [.create, .truncate]
        let file = try FileDescriptor.open(
            log, .writeOnly, options: mode, permissions: [.ownerReadWrite, .groupRead, .otherRead])
        var tail: [String] = []
        let status = try await file.closeAfter {
            () async throws -> TerminationStatus in
            try await self.status { line in
                try file.writeAll(Data("\(line)\n".utf8))
                tail.append(line)
                if tail.count > 400 { tail.removeFirst(200) }
                onLine(line)
            }
        }
        guard status.isSuccess else {
            let telling = tail.filter { $0.contains("rror") || $0.contains("No space left") }
            throw failure(
                status, said: (telling.isEmpty ? tail.suffix(3) : telling.prefix(3)).joined(separator: "\n"),
                log: log)
        }
    }

    func configuration() throws -> Configuration {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(5))
        ]
        let program = try Self.find(name)
        let inherited = ProcessInfo.processInfo.environment
        let all = inherited.merging(environment) { _, new in new }
        return Configuration(
            executable: .path(try Self.find("setpriv")),
            arguments: Arguments(["--pdeathsig", deathSignal, "--", program.string] + arguments),
            environment: .custom(
                Dictionary(uniqueKeysWithValues: all.map { (.init(stringLiteral: $0), $1) })),
            workingDirectory: directory, platformOptions: options)
    }

    /// The path of a program, or an error that says what to do.
    public static func find(_ name: String) throws -> FilePath {
        if name.contains("/") { return FilePath(name) }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for directory in path.split(separator: ":") {
            let candidate = FilePath(String(directory)).appending(name)
            if access(candidate.string, X_OK) == 0 { return candidate }
        }
        throw HarnessError(
            "the program '\(name)' is missing: it is not in PATH (\(path)); ./qemu/prepare installs what the harness needs"
        )
    }

    private func failure(_ status: TerminationStatus, said: String, log: FilePath? = nil) -> HarnessError {
        var message = "'\(name)' failed (\(status))"
        let text = said.trimmingCharacters(in: .whitespacesAndNewlines)
        if !text.isEmpty { message += ": \(text)" }
        if let log { message += "; see \(log)" }
        return HarnessError(message)
    }
}

extension FileDescriptor {
    /// The asynchronous sibling of `closeAfter(_:)`.
    func closeAfter<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            try close()
            return result
        } catch {
            try? close()
            throw error
        }
    }
}
