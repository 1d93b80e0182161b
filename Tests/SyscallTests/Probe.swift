// SPDX-License-Identifier: MIT

import Testing

/// The features that the kernel is found to offer. Each test is the check of its name.
@Suite(.tags(.detection), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Probe {
    @Test func findsSyscallAvailable() throws { try checkClaim() }
}
