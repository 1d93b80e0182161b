// SPDX-License-Identifier: MIT

import Testing

/// Processes that would delay the call. Each test is the check of its name.
@Suite(.tags(.hostility), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct HostileSharers {
    @Test func isNotDelayedByHeadArmedWithUserfaultfd() throws { try checkClaim() }
    @Test func isNotDelayedByHeadInSharedMemoryArmedWithUserfaultfd() throws { try checkClaim() }
    @Test func isNotDelayedByOwnHeadArmedWithUserfaultfd() throws { try checkClaim() }
    @Test func isNotDelayedByHeadOnSharedZeropage() throws { try checkClaim() }
    @Test func isNotDelayedByWriteProtectionOfUserfaultfd() throws { try checkClaim() }
    @Test func isNotDelayedByHeadInSharedFileOfFUSE() throws { try checkClaim() }
    @Test func isNotDelayedByHeadInPrivateMappingOfFUSE() throws { try checkClaim() }
    @Test func isNotDelayedByHeadUnderWritebackToFUSE() throws { try checkClaim() }
    @Test func isNotDelayedByMemoryThatIsTornDown() throws { try checkClaim() }
    @Test func isNotDelayedBySixtyThousandMappings() throws { try checkClaim() }
    @Test func waitsForBusyMmapLockInterruptibly() throws { try checkClaim() }
    @Test func makesNoOtherCallerSearchAllProcesses() throws { try checkClaim() }
    @Test func makesNoExitSearchForNewOwner() throws { try checkClaim() }
}
