// SPDX-License-Identifier: MIT

import Testing

/// Memory that is no robust list head any more when the call is about to clear. Each test is the check of its name.
@Suite(.tags(.memory, .exits), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct StaleHeads {
    @Test func leavesMemoryOfThreadThatExitedMeanwhile() throws { try checkClaim() }
    @Test func leavesMemoryOfSiblingsThreadThatExitedMeanwhile() throws { try checkClaim() }
    @Test func leavesMemoryOf32BitHeadWhoseThreadExitedMeanwhile() throws { try checkClaim() }
    @Test func leavesMemoryOfProcessSharingItThatExitedMeanwhile() throws { try checkClaim() }
    @Test func leavesMemoryThatProcessLeftByExecMeanwhile() throws { try checkClaim() }
    @Test func leavesMemoryWhoseAddressIsRegisteredAgainAfterExec() throws { try checkClaim() }
    @Test func leavesMemoryOfHeadThatIsNoLongerRegistered() throws { try checkClaim() }
    @Test func leavesMemoryOfHeadReplacedAtTheLastMoment() throws { try checkClaim() }
    @Test func clearsInPageThatReplacedThatOfHead() throws { try checkClaim() }
    @Test func leavesPageOfHeadThatWasMovedElsewhere() throws { try checkClaim() }
    @Test func leavesCopyOfHeadThatWasForkedMeanwhile() throws { try checkClaim() }
}
