// SPDX-License-Identifier: MIT

import Testing

/// Memory and references that calls take, and have to give back. Each test is the check of its name.
@Suite(.tags(.errors), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Leaks {
    @Test func keepsNoMemory() throws { try checkClaim() }
    @Test func keepsNoAddressSpaceItSearchedFor() throws { try checkClaim() }
    @Test func keepsNoFile() throws { try checkClaim() }
    @Test func keepsNoAddressSpaceItFaultedIn() throws { try checkClaim() }
    @Test func keepsNoControlGroupItCharged() throws { try checkClaim() }
    @Test func keepsNoAddressSpaceWithHugetlbPages() throws { try checkClaim() }
}
