// SPDX-License-Identifier: MIT

import Testing

/// Exits and execs that the call has to wait for, and what has to be possible meanwhile. Each test is the check of its name.
@Suite(.tags(.exits), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct InFlightExits {
    @Test func waitsForExecInItsCleanup() throws { try holdKernelAgainstCheck() }
    @Test func waitsForExecOfProcessSharingMemoryOfCaller() throws { try holdKernelAgainstCheck() }
    @Test func handlesSignalsWhileItWaits() throws { try holdKernelAgainstCheck() }
    @Test func waitsAgainWhenFirstCallerWasKilled() throws { try holdKernelAgainstCheck() }
    @Test func keepsNobodysMemoryWhileItWaits() throws { try holdKernelAgainstCheck() }
    @Test func waitsForThreadInItsExit() throws { try holdKernelAgainstCheck() }
    @Test func waitsForExecHeldInListOf32Bits() throws { try holdKernelAgainstCheck() }
    @Test func waitsForExecWhoseWordIsNoLongerMapped() throws { try holdKernelAgainstCheck() }
    @Test func waitsForExecWhoseHeadCannotBeRead() throws { try holdKernelAgainstCheck() }
    @Test func waitsForExecWhoseHeadIsMisaligned() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedByExecWithoutOperation() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedByExecWithOperationElsewhere() throws { try holdKernelAgainstCheck() }
    @Test func isNotDelayedByExecWithOperationOutsidePrivateRange() throws { try holdKernelAgainstCheck() }
    @Test func clearsOthersBeforeItWaits() throws { try holdKernelAgainstCheck() }
    @Test func clearsOthersFoundByPassOverProcessesBeforeItWaits() throws { try holdKernelAgainstCheck() }
    @Test func endsUnderIntervalTimerAndRunsItsHandler() throws { try holdKernelAgainstCheck() }
}
