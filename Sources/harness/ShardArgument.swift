// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `--shard` of the commands whose work can be shared out.
struct ShardArgument: ParsableArguments {
    @Option(
        name: .customLong("shard"),
        help: ArgumentHelp(
            "Do only the K-th of N parts, which may run on machines of their own; merge puts the reports together.",
            valueName: "K/N"))
    var text: String?

    /// The part that was asked for, if any.
    var shard: Shard? {
        get throws { try text.map { try Shard($0) } }
    }
}
