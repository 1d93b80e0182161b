// SPDX-License-Identifier: MIT

import ArgumentParser
import GuestHarness

/// `--tree` of the commands that build kernels.
struct TreeArgument: ParsableArguments {
    @Option(
        name: .customLong("tree"),
        help: ArgumentHelp(
            "Build the kernel of this source tree as it is: nothing is applied to it, and it is only read.",
            valueName: "dir"))
    var directory: String?

    /// The tree that was named, if any.
    var tree: GivenTree? {
        get throws { try directory.map { try GivenTree($0) } }
    }
}
