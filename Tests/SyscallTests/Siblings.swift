// SPDX-License-Identifier: MIT

import Testing

/// Whose pending operation is cleared, and whose is not. Each test is the check of its name.
@Suite(.tags(.visibility), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Siblings {
    @Test func clearsPendingOperationInSiblingProcess() throws { try checkClaim() }
    @Test func clearsPendingOperationInEveryThreadOfSibling() throws { try checkClaim() }
    @Test func clearsPendingOperationInSeveralSiblings() throws { try checkClaim() }
    @Test func clearsPendingOperationsThroughBothMappingsOfSibling() throws { try checkClaim() }
    @Test func clearsPendingOperationInThreadsOfCaller() throws { try checkClaim() }
    @Test func clearsPendingOperationThroughMappingOfAnotherOffset() throws { try checkClaim() }
    @Test func clearsPendingOperationInForkedSharer() throws { try checkClaim() }
    @Test func clearsPendingOperationInHeadSharedCopyOnWrite() throws { try checkClaim() }
    @Test func clearsPendingOperationOfPIFutex() throws { try checkClaim() }
    @Test func clearsAgainWithoutHarm() throws { try checkClaim() }
    @Test func leavesPendingOperationFourBytesAway() throws { try checkClaim() }
    @Test func leavesPendingOperationOnePageAway() throws { try checkClaim() }
    @Test func leavesPendingOperationInAnotherFile() throws { try checkClaim() }
    @Test func leavesPendingOperationThroughPrivateMapping() throws { try checkClaim() }
    @Test func leavesPendingOperationInForkedCopy() throws { try checkClaim() }
    @Test func leavesOperationStartedMeanwhile() throws { try checkClaim() }
    @Test func leavesOperationsStartedDuringTheCall() throws { try checkClaim() }
    @Test func leavesSiblingsWithPrivateFlag() throws { try checkClaim() }
    @Test func leavesOtherMappingOfCallerWithPrivateFlag() throws { try checkClaim() }
    @Test func clearsEveryWordOfRange() throws { try checkClaim() }
    @Test func clearsAcrossPartsOfFileInReverseOrder() throws { try checkClaim() }
    @Test func clearsAcrossMappingsOfDifferentFiles() throws { try checkClaim() }
    @Test func clearsAcrossMixedPartsOfTwoFiles() throws { try checkClaim() }
    @Test func leavesOperationBehindEachMapping() throws { try checkClaim() }
    @Test func leavesOperationThatOnlyAnEarlierCallNamed() throws { try checkClaim() }
    @Test func clearsFirstWordOfLastMapping() throws { try checkClaim() }
    @Test func clearsWordOfPrivateMemoryThatRangeTouchesInOneByte() throws { try checkClaim() }
    @Test func clearsWordThatRangeTouchesInOneByte() throws { try checkClaim() }
}
