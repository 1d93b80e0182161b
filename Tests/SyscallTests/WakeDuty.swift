// SPDX-License-Identifier: MIT

import Testing

/// Whoever clears an operation that owes a wake has to wake. Each test is the check of its name.
@Suite(.tags(.wakeDuty), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct WakeDuty {
    @Test func wakesWaiterOfUnlockedWord() throws { try holdKernelAgainstCheck() }
    @Test func wakesWaiterWhenAnotherThreadTookTheLock() throws { try holdKernelAgainstCheck() }
    @Test func wakesWaiterWhenNextOwnerDied() throws { try holdKernelAgainstCheck() }
    @Test func wakesWaiterInAnotherProcessWithPrivateFlag() throws { try holdKernelAgainstCheck() }
    @Test func wakesForEachClearedOperation() throws { try holdKernelAgainstCheck() }
    @Test func doesNotWakeForPIFutex() throws { try holdKernelAgainstCheck() }
    @Test func leavesWhatItCannotWakeForToLaterCall() throws { try holdKernelAgainstCheck() }
    @Test func wakesWaiterOf32BitUnlocker() throws { try holdKernelAgainstCheck() }
    @Test func wakesWaiterOfWordReleasedWithWaitersBit() throws { try holdKernelAgainstCheck() }
}
