// SPDX-License-Identifier: MIT

import Testing

/// Memory that a lock can lie in. Each test is the check of its name.
@Suite(.tags(.memory), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct BackingStores {
    @Test func clearsInPOSIXSharedMemory() throws { try checkClaim() }
    @Test func clearsInSysVSharedMemory() throws { try checkClaim() }
    @Test func clearsInTmpfsFile() throws { try checkClaim() }
    @Test func clearsInExt4File() throws { try checkClaim() }
    @Test func clearsInBlockDevice() throws { try checkClaim() }
    @Test func clearsThroughOverlay() throws { try checkClaim() }
    @Test func clearsInHugetlbMemfd() throws { try checkClaim() }
    @Test func clearsInHugetlbfsFile() throws { try checkClaim() }
    @Test func clearsInHugePageOfSharedMemory() throws { try checkClaim() }
    @Test func clearsInPrivateMemoryOfProcessSharingIt() throws { try checkClaim() }
    @Test func clearsInPrivateMappingOfFileForItsOwner() throws { try checkClaim() }
    @Test func clearsInMemfdOfEachKind() throws { try checkClaim() }
    @Test func clearsBeyondFourGibibytesOfFile() throws { try checkClaim() }
    @Test func leavesOperationInAnotherPerfEvent() throws { try checkClaim() }
    @Test func leavesOperationInAnotherBPFMap() throws { try checkClaim() }
    @Test func clearsThroughInheritedPerfEvent() throws { try checkClaim() }
    @Test func clearsThroughInheritedBPFMap() throws { try checkClaim() }
}
