// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import GuestHarness

/// The command behind `./qemu/run`, `./test` and `./qemu/source`.
@main
struct Harness: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "harness",
        abstract: "Builds kernels, boots them in QEMU, and runs tests and commands in them.",
        subcommands: [
            RunCommand.self, CompareCommand.self, TestCommand.self, SelftestsCommand.self, MutateCommand.self,
            MutantsCommand.self, EvidenceCommand.self,
            SeriesLintCommand.self, FootprintCommand.self, FreshCheckCommand.self, CoverageCommand.self,
            ArchitecturesCommand.self,
            LibraryBuildCommand.self,
            LibraryCheckCommand.self, LibraryCostCommand.self, StormCommand.self,
            BuildCommand.self, SourceCommand.self,
        ])

    static func main() async {
        _ = TypedCommand.name
        let work = Task {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        }
        let interruption = Interruption(of: work)
        let result = await work.result
        if let number = interruption.signal {
            complain("harness: interrupted by signal \(number)")
            Foundation.exit(128 + number)
        }
        switch result {
        case .success: break
        case .failure(let error as HarnessError):
            complain(TypedCommand.frame(error))
            Foundation.exit(error.status.rawValue)
        case .failure(let error) where Self.isParserError(error): exit(withParserError: error)
        case .failure(let error):
            complain("harness: \(error)")
            Foundation.exit(HarnessStatus.setUp.rawValue)
        }
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    /// Says what the parser has to say, as `exit(withError:)` does, of the command that was typed.
    private static func exit(withParserError error: any Error) -> Never {
        let status = exitCode(for: error)
        let message = TypedCommand.adapt(fullMessage(for: error), arguments: CommandLine.arguments)
        if !message.isEmpty {
            if status.isSuccess { print(message) } else { complain(message) }
        }
        Foundation.exit(status.rawValue)
    }

    /// Help, exit codes and bad usage; anything else is a failure of the set-up.
    private static func isParserError(_ error: any Error) -> Bool {
        error is ExitCode || error is CleanExit || error is ValidationError
            || exitCode(for: error) == .validationFailure || exitCode(for: error) == .success
    }
}
