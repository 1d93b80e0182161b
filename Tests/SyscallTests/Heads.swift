// SPDX-License-Identifier: MIT

import Testing

/// Places of a robust list head. Each test is the check of its name.
@Suite(.tags(.memory), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Heads {
    @Test func clearsHeadThatIsSwappedOut() throws { try checkClaim() }
    @Test func clearsHeadInSwappedOutSharedMemory() throws { try checkClaim() }
    @Test func clearsHeadOfPageOnlyAnotherProcessHasTouched() throws { try checkClaim() }
    @Test func clearsHeadInHugetlbPage() throws { try checkClaim() }
    @Test func clearsHeadInTransparentHugePage() throws { try checkClaim() }
    @Test func clearsHeadInHugePageMappedByParts() throws { try checkClaim() }
    @Test func makesNoPageForHeadThatNobodyWrote() throws { try checkClaim() }
    @Test func clearsHeadInPrivateMappingOfFile() throws { try checkClaim() }
    @Test func clearsHeadInFileOfDisk() throws { try checkClaim() }
    @Test func clearsHeadAcrossPageBoundary() throws { try checkClaim() }
    @Test func clearsHeadAcrossTwoMappings() throws { try checkClaim() }
    @Test func clearsHeadWhoseOtherMembersAreOnUnwrittenPage() throws { try checkClaim() }
    @Test func clearsHeadBehindProtectionKeyThatIsToBeCopied() throws { try checkClaim() }
    @Test func clearsHeadBehindProtectionKey() throws { try checkClaim() }
    @Test func leavesHeadThatItsOwnerCannotWrite() throws { try checkClaim() }
    @Test func leavesHeadInSecretMemory() throws { try checkClaim() }
    @Test func leavesHeadInMapOfBPF() throws { try checkClaim() }
    @Test func leavesHeadInMemoryOfDevice() throws { try checkClaim() }
    @Test func givesBackMmapLockOnceWhenItMakesPageDirty() throws { try checkClaim() }
    @Test func holdsNoMmapLockWhileHeadIsReadFromSwap() throws { try checkClaim() }
    @Test func canBeKilledWhileHeadIsReadFromSwap() throws { try checkClaim() }
    @Test func endsWhenProcessDiesWhileItsHeadIsReadFromSwap() throws { try checkClaim() }
    @Test func staysClearedWhenPageIsSwappedOutAgain() throws { try checkClaim() }
    @Test func leavesHeadBehindEndOfFile() throws { try checkClaim() }
    @Test func copiesNoPageThatItOnlyReads() throws { try checkClaim() }
    @Test func chargesPageTablesToProcessOfHead() throws { try checkClaim() }
}
