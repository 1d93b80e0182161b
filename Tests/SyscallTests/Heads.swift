// SPDX-License-Identifier: MIT

import Testing

/// Places of a robust list head. Each test is the check of its name.
@Suite(.tags(.memory), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Heads {
    @Test func clearsHeadThatIsSwappedOut() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadInSwappedOutSharedMemory() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadOfPageOnlyAnotherProcessHasTouched() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadInHugetlbPage() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadInTransparentHugePage() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadInPrivateMappingOfFile() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadInFileOfDisk() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadAcrossPageBoundary() throws { try holdKernelAgainstCheck() }
    @Test func clearsHeadBehindProtectionKey() throws { try holdKernelAgainstCheck() }
    @Test func leavesHeadThatItsOwnerCannotWrite() throws { try holdKernelAgainstCheck() }
    @Test func leavesHeadInSecretMemory() throws { try holdKernelAgainstCheck() }
}
