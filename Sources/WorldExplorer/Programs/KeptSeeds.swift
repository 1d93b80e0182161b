// SPDX-License-Identifier: MIT

/// Seeds of worlds that failed once, for whatever reason: they are run always, and first.
public enum KeptSeeds {
    public static let all: [UInt64] = [
        // A killed process takes those that it forked along, which the world did not know.
        18,
        // The first of version 1 of the series: FUTEX2_PRIVATE was refused over a hole.
        1,
    ]
}
