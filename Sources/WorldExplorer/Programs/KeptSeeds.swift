// SPDX-License-Identifier: MIT

/// Seeds of worlds that failed once, for whatever reason: they are run always, and first.
public enum KeptSeeds {
    /// Each with the generation of the generator that made the program of it.
    public static let all: [(seed: UInt64, generation: ProgramGenerator.Generation)] = [
        // A killed process takes those that it forked along, which the world did not know.
        (18, .first),
        // The first of version 1 of the series: FUTEX2_PRIVATE was refused over a hole.
        (1, .first),
        // A waiter counted as one on the memory that was mapped over that of its word later.
        (3651, .third),
        // The wake-up of a call copied a private page of a file, as that of futex(2) does, which the world did not know.
        (5639, .fourth),
    ]
}
