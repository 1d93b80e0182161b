// SPDX-License-Identifier: MIT

import Testing

/// Exits and execs that the call has to wait for, and what has to be possible meanwhile. Each test is the check of its name.
@Suite(.tags(.exits), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct InFlightExits {
    @Test func waitsForExecInItsCleanup() throws { try checkClaim() }
    @Test func waitsForExecOfProcessSharingMemoryOfCaller() throws { try checkClaim() }
    @Test func handlesSignalsWhileItWaits() throws { try checkClaim() }
    @Test func waitsAgainWhenFirstCallerWasKilled() throws { try checkClaim() }
    @Test func keepsNobodysMemoryWhileItWaits() throws { try checkClaim() }
    @Test func waitsForThreadInItsExit() throws { try checkClaim() }
    @Test func waitsForExecHeldInListOf32Bits() throws { try checkClaim() }
    @Test func waitsForExecWhoseWordIsNoLongerMapped() throws { try checkClaim() }
    @Test func waitsForExecWhoseHeadCannotBeRead() throws { try checkClaim() }
    @Test func waitsForExecWhoseFutexOffsetCannotBeRead() throws { try checkClaim() }
    @Test func waitsForExecWhoseHeadIsMisaligned() throws { try checkClaim() }
    @Test func isNotDelayedByExecWithoutOperation() throws { try checkClaim() }
    @Test func isNotDelayedByExecWithoutOperationWhoseOffsetCannotBeRead() throws { try checkClaim() }
    @Test func isNotDelayedByExecInProcessWithPrivateMapping() throws { try checkClaim() }
    @Test func waitsForNoExecWithoutOperationAfterOneWith() throws { try checkClaim() }
    @Test func isNotDelayedByExitOfProcessThatLeftTheMemory() throws { try checkClaim() }
    @Test func isNotDelayedByExecWithOperationElsewhere() throws { try checkClaim() }
    @Test func isNotDelayedByExecWithOperationOutsidePrivateRange() throws { try checkClaim() }
    @Test func clearsOthersBeforeItWaits() throws { try checkClaim() }
    @Test func clearsOthersFoundByPassOverProcessesBeforeItWaits() throws { try checkClaim() }
    @Test func endsUnderIntervalTimerAndRunsItsHandler() throws { try checkClaim() }
}
