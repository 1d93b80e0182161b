// SPDX-License-Identifier: MIT

import ArgumentParser

/// What becomes of a victim forked from this program that is ordered to exec: it ends. The name is CRV_AFTER_EXEC.
struct AfterExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "after-exec", abstract: "Exit with 0 (started by victims of `race`).",
        shouldDisplay: false)

    func run() {}
}
