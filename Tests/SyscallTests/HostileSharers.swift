// SPDX-License-Identifier: MIT

import Testing

/// Processes that would delay the call. Each test is the check of its name.
@Suite(.tags(.hostility), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct HostileSharers {
    @Test func isNotDelayedByHeadArmedWithUserfaultfd() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedByHeadInSharedMemoryArmedWithUserfaultfd() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedByWriteProtectionOfUserfaultfd() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedByHeadInSharedFileOfFUSE() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedByHeadInPrivateMappingOfFUSE() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedBySixtyThousandMappings() throws { try holdKernelAgainstCheck() }
    @Test func waitsForBusyMmapLockInterruptibly() throws { try holdKernelAgainstCheck() }
    @Test func makesNoOtherCallerSearchAllProcesses() throws { try holdKernelAgainstCheck() }
    @Test func makesNoExitSearchForNewOwner() throws { try holdKernelAgainstCheck() }
}
