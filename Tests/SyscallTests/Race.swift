// SPDX-License-Identifier: MIT

import Testing

/// The race of the unlock, lost and without harm: the destroyer makes the call. Each test is the check of its name.
@Suite(.tags(.race), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Race {
    @Test func keepsReusedWordIntactAfterTheCall() throws { try checkClaim() }
    @Test func keepsReusedWordInOwnProcessIntactAfterTheCall() throws { try checkClaim() }
    @Test func keepsReusedFileIntactAfterTheCall() throws { try checkClaim() }
    @Test func drainsExitsInFlight() throws { try checkClaim() }
}
