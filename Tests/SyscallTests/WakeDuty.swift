// SPDX-License-Identifier: MIT

import Testing

/// Whoever clears an operation that owes a wake has to wake. Each test is the check of its name.
@Suite(.tags(.wakeDuty), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct WakeDuty {
    @Test func wakesWaiterOfUnlockedWord() throws { try checkClaim() }
    @Test func wakesWaiterWhenAnotherThreadTookTheLock() throws { try checkClaim() }
    @Test func wakesWaiterWhenNextOwnerDied() throws { try checkClaim() }
    @Test func wakesWaiterInAnotherProcessWithPrivateFlag() throws { try checkClaim() }
    @Test func wakesForEachClearedOperation() throws { try checkClaim() }
    @Test func doesNotWakeForPIFutex() throws { try checkClaim() }
    @Test func leavesWhatItCannotWakeForToLaterCall() throws { try checkClaim() }
    @Test func wakesWaiterOf32BitUnlocker() throws { try checkClaim() }
    @Test func wakesWaiterOfWordReleasedWithWaitersBit() throws { try checkClaim() }
}
