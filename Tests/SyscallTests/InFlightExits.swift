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
}
