// SPDX-License-Identifier: MIT

import Testing

/// Signals that come to a caller, and memory that runs out, wherever the call can sleep. Each test is the check of its name.
@Suite(.tags(.interruptions), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Interruptions {
    @Test func handlesSignalsWhileItWaitsForMmapLockOfSharer() throws { try checkClaim() }
    @Test func handlesSignalsWhileItWaitsForMmapLockThatThreadsHold() throws { try checkClaim() }
    @Test func handlesSignalsWhileItWaitsForOwnMmapLock() throws { try checkClaim() }
    @Test func handlesSignalsWhileItWaitsForOwnMmapLockWithPrivateFlag() throws { try checkClaim() }
    @Test func leavesSharersToLaterCallWhenKilledAtMmapLock() throws { try checkClaim() }
    @Test func canBeKilledWhileItWaitsForOwnMmapLock() throws { try checkClaim() }
    @Test func canBeKilledWhileItWaitsForOwnMmapLockWithPrivateFlag() throws { try checkClaim() }
    @Test func clearsOthersWhenSharerDiesAtItsMmapLock() throws { try checkClaim() }
    @Test func stopsWhileItWaitsForExec() throws { try checkClaim() }
    @Test func stopsWhileItWaitsForMmapLock() throws { try checkClaim() }
    @Test func freezesWhileItWaitsForExec() throws { try checkClaim() }
    @Test func handlesSignalsAfterItWaitedForOwnPage() throws { try checkClaim() }
    @Test func keepsWakeOwedWhenKilledBeforeIt() throws { try checkClaim() }
    @Test func keepsNoSharersMemoryWhileItWaitsForOwnPage() throws { try checkClaim() }
    @Test func leavesTheRestToLaterCallWhenKilledAmongManyProcesses() throws { try checkClaim() }
    @Test func leavesTheRestToLaterCallWhenKilledAmongManyThreads() throws { try checkClaim() }
    @Test func leavesTheRestToLaterCallWhenKilledAmidManyMappings() throws { try checkClaim() }
    @Test func canBeKilledWhileItSearchesForThreads() throws { try checkClaim() }
    @Test func keepsNoMemoryOfKilledCallers() throws { try checkClaim() }
    @Test func givesENOMEMWithoutMemoryForItsArrays() throws { try checkClaim() }
    @Test func endsByOOMKillerAndLeavesTheRestToLaterCall() throws { try checkClaim() }
    @Test func clearsWhenOOMKillerEndsSharerToMakeRoom() throws { try checkClaim() }
    @Test func clearsOthersWhenSharerHasNoMemoryForItsHead() throws { try checkClaim() }
    @Test func survivesOOMKillOfSharerWhoseHeadsItFaultsIn() throws { try checkClaim() }
    @Test func delaysNoVictimOfOOMKillerWhileItWaits() throws { try checkClaim() }
    @Test func endsUnderFastTimerWhileItFaultsHeadsIn() throws { try checkClaim() }
    @Test func leavesTheRestToLaterCallWhenKilledWhileItFaultsHeadsIn() throws { try checkClaim() }
}
