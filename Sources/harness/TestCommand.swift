// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `./test`.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Runs every check of this project.")

    func run() async throws {
        throw HarnessError("not yet")
    }
}
