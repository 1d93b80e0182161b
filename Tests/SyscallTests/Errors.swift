// SPDX-License-Identifier: MIT

import Testing

/// Calls that are refused, or that name nothing, with nothing changed. Each test is the check of its name.
@Suite(.tags(.errors), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Errors {
    @Test func refusesUnknownFlags() throws { try holdKernelAgainstCheck() }
    @Test func refusesRangeThatWrapsAround() throws { try holdKernelAgainstCheck() }
    @Test func refusesRangeWithHole() throws { try holdKernelAgainstCheck() }
    @Test func refusesReadOnlyFile() throws { try holdKernelAgainstCheck() }
    @Test func acceptsWriteProtectedMappingOfWritableFile() throws { try holdKernelAgainstCheck() }
    @Test func changesNothingForEmptyRange() throws { try holdKernelAgainstCheck() }
    @Test func refusesHoleAtEitherEnd() throws { try holdKernelAgainstCheck() }
    @Test func changesNothingBeforePartThatIsRefused() throws { try holdKernelAgainstCheck() }
    @Test func refusesWriteSealedMemory() throws { try holdKernelAgainstCheck() }
    @Test func acceptsReadOnlyFileWithPrivateFlag() throws { try holdKernelAgainstCheck() }
    @Test func throwsErrorOfSeccompFilter() throws { try holdKernelAgainstCheck() }
    @Test func clearsAroundHolesWithPrivateFlag() throws { try holdKernelAgainstCheck() }
    @Test func clearsInRangeWithoutMappingWithPrivateFlag() throws { try holdKernelAgainstCheck() }
    @Test func takesRangeThatEndsAtTopOfAddressSpace() throws { try holdKernelAgainstCheck() }
    @Test func takes32BitRangeThatEndsAtTopOfAddressSpace() throws { try holdKernelAgainstCheck() }
}
