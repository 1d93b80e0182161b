// SPDX-License-Identifier: MIT

import ArgumentParser

/// Ends at once: the program that a victim forked from this one executes when it is told to exec. The name is
/// CRV_AFTER_EXEC.
struct AfterExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "after-exec", abstract: "Exit with 0; started by victims of `race`.",
        shouldDisplay: false)

    func run() {}
}
