// SPDX-License-Identifier: MIT

import Testing

/// Whose pending operation is cleared, and whose is not. Each test is the check of its name.
@Suite(.tags(.visibility), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Siblings {
    @Test func clearsPendingOperationInSiblingProcess() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInEveryThreadOfSibling() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInSeveralSiblings() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationsThroughBothMappingsOfSibling() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInThreadsOfCaller() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationThroughMappingOfAnotherOffset() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInForkedSharer() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInHeadSharedCopyOnWrite() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationOfPIFutex() throws { try holdKernelAgainstCheck() }
    @Test func clearsAgainWithoutHarm() throws { try holdKernelAgainstCheck() }
    @Test func leavesPendingOperationFourBytesAway() throws { try holdKernelAgainstCheck() }
    @Test func leavesPendingOperationOnePageAway() throws { try holdKernelAgainstCheck() }
    @Test func leavesPendingOperationInAnotherFile() throws { try holdKernelAgainstCheck() }
    @Test func leavesPendingOperationThroughPrivateMapping() throws { try holdKernelAgainstCheck() }
    @Test func leavesPendingOperationInForkedCopy() throws { try holdKernelAgainstCheck() }
    @Test func leavesOperationStartedMeanwhile() throws { try holdKernelAgainstCheck() }
    @Test func leavesOperationsStartedDuringTheCall() throws { try holdKernelAgainstCheck() }
    @Test func leavesSiblingsWithPrivateFlag() throws { try holdKernelAgainstCheck() }
    @Test func leavesOtherMappingOfCallerWithPrivateFlag() throws { try holdKernelAgainstCheck() }
    @Test func clearsEveryWordOfRange() throws { try holdKernelAgainstCheck() }
    @Test func clearsAcrossPartsOfFileInReverseOrder() throws { try holdKernelAgainstCheck() }
    @Test func clearsAcrossMappingsOfDifferentFiles() throws { try holdKernelAgainstCheck() }
    @Test func clearsWordThatRangeTouchesInOneByte() throws { try holdKernelAgainstCheck() }
}
