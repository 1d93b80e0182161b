// SPDX-License-Identifier: MIT

import Testing

/// The way from a robust list head to a futex word, in every width. Each test is the check of its name.
@Suite(.tags(.abi), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct ABI {
    @Test func clearsPendingOperationOf32BitProcess() throws { try holdKernelAgainstCheck() }
    @Test func keepsReusedWordFrom32BitProcess() throws { try holdKernelAgainstCheck() }
    @Test func wrapsFutexWordOf32BitProcessAround() throws { try holdKernelAgainstCheck() }
    @Test func clearsFor32BitDestroyer() throws { try holdKernelAgainstCheck() }
    @Test func refuses32BitRangeBeyondFourGibibytes() throws { try holdKernelAgainstCheck() }
    @Test func clearsBothHeadsOfThread() throws { try holdKernelAgainstCheck() }
    @Test func leaves32BitOperationOnLowerHalfOfAddress() throws { try holdKernelAgainstCheck() }
    @Test func clears32BitHeadAcrossPageBoundary() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationOfX32Head() throws { try holdKernelAgainstCheck() }
    @Test func followsAnyFutexOffset() throws { try holdKernelAgainstCheck() }
    @Test func leavesOperationWhoseLockEntryAloneIsInRange() throws { try holdKernelAgainstCheck() }
    @Test func leavesMisalignedFutexWord() throws { try holdKernelAgainstCheck() }
    @Test func leavesNullWithModifierBits() throws { try holdKernelAgainstCheck() }
    @Test func survivesPendingPointersAtEndsOfAddressSpace() throws { try holdKernelAgainstCheck() }
    @Test func skipsMisalignedHead() throws { try holdKernelAgainstCheck() }
    @Test func skipsUnmappedHead() throws { try holdKernelAgainstCheck() }
}
