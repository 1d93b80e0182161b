// SPDX-License-Identifier: MIT

import Testing

/// Memory that a lock can lie in. Each test is the check of its name.
@Suite(.tags(.memory), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct BackingStores {
    @Test func clearsInPOSIXSharedMemory() throws { try holdKernelAgainstCheck() }
    @Test func clearsInSysVSharedMemory() throws { try holdKernelAgainstCheck() }
    @Test func clearsInTmpfsFile() throws { try holdKernelAgainstCheck() }
    @Test func clearsInExt4File() throws { try holdKernelAgainstCheck() }
    @Test func clearsThroughOverlay() throws { try holdKernelAgainstCheck() }
    @Test func clearsInHugetlbMemfd() throws { try holdKernelAgainstCheck() }
    @Test func clearsInHugetlbfsFile() throws { try holdKernelAgainstCheck() }
    @Test func clearsInHugePageOfSharedMemory() throws { try holdKernelAgainstCheck() }
    @Test func clearsInPrivateMemoryOfProcessSharingIt() throws { try holdKernelAgainstCheck() }
    @Test func clearsInPrivateMappingOfFileForItsOwner() throws { try holdKernelAgainstCheck() }
    @Test func clearsBeyondFourGibibytesOfFile() throws { try holdKernelAgainstCheck() }
    @Test func leavesOperationInAnotherPerfEvent() throws { try holdKernelAgainstCheck() }
    @Test func leavesOperationInAnotherBPFMap() throws { try holdKernelAgainstCheck() }
    @Test func clearsThroughInheritedPerfEvent() throws { try holdKernelAgainstCheck() }
    @Test func clearsThroughInheritedBPFMap() throws { try holdKernelAgainstCheck() }
}
