// SPDX-License-Identifier: MIT

import Testing

/// Memory that is no robust list head any more when the call is about to clear. Each test is the check of its name.
@Suite(.tags(.memory, .exits), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct StaleHeads {
    @Test func leavesMemoryOfThreadThatExitedMeanwhile() throws { try holdKernelAgainstCheck() }
    @Test func leavesMemoryOfSiblingsThreadThatExitedMeanwhile() throws { try holdKernelAgainstCheck() }
    @Test func leavesMemoryOf32BitHeadWhoseThreadExitedMeanwhile() throws { try holdKernelAgainstCheck() }
    @Test func leavesMemoryOfProcessSharingItThatExitedMeanwhile() throws { try holdKernelAgainstCheck() }
    @Test func leavesMemoryThatProcessLeftByExecMeanwhile() throws { try holdKernelAgainstCheck() }
    @Test func leavesMemoryWhoseAddressIsRegisteredAgainAfterExec() throws { try holdKernelAgainstCheck() }
    @Test func leavesMemoryOfHeadThatIsNoLongerRegistered() throws { try holdKernelAgainstCheck() }
    @Test func clearsInPageThatReplacedThatOfHead() throws { try holdKernelAgainstCheck() }
    @Test func leavesPageOfHeadThatWasMovedElsewhere() throws { try holdKernelAgainstCheck() }
    @Test func leavesCopyOfHeadThatWasForkedMeanwhile() throws { try holdKernelAgainstCheck() }
}
