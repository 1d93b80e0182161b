// SPDX-License-Identifier: MIT

import Testing

/// Calls that are refused, or that name nothing, with nothing changed. Each test is the check of its name.
@Suite(.tags(.errors), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Errors {
    @Test func refusesUnknownFlags() throws { try checkClaim() }
    @Test func refusesRangeThatWrapsAround() throws { try checkClaim() }
    @Test func refusesRangeWithHole() throws { try checkClaim() }
    @Test func refusesReadOnlyFile() throws { try checkClaim() }
    @Test func acceptsWriteProtectedMappingOfWritableFile() throws { try checkClaim() }
    @Test func changesNothingForEmptyRange() throws { try checkClaim() }
    @Test func refusesHoleAtEitherEnd() throws { try checkClaim() }
    @Test func changesNothingBeforePartThatIsRefused() throws { try checkClaim() }
    @Test func refusesWriteSealedMemory() throws { try checkClaim() }
    @Test func acceptsReadOnlyFileWithPrivateFlag() throws { try checkClaim() }
    @Test func throwsErrorOfSeccompFilter() throws { try checkClaim() }
    @Test func clearsAroundHolesWithPrivateFlag() throws { try checkClaim() }
    @Test func clearsInRangeWithoutMappingWithPrivateFlag() throws { try checkClaim() }
    @Test func takesRangeThatEndsAtTopOfAddressSpace() throws { try checkClaim() }
    @Test func takes32BitRangeThatEndsAtTopOfAddressSpace() throws { try checkClaim() }
}
