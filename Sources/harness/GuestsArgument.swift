// SPDX-License-Identifier: MIT

import ArgumentParser

/// `--guests` of the commands that try one kernel, or one guest, after the other.
struct GuestsArgument: ParsableArguments {
    @Option(
        name: .customLong("guests"),
        help: ArgumentHelp(
            "Guests that run at the same time. Two on two processors slow each other down, but finish sooner.",
            valueName: "number"))
    var number = 1

    func validate() throws {
        guard (1...64).contains(number) else {
            throw ValidationError("--guests \(number): must be from 1 to 64")
        }
    }
}
