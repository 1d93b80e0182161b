// SPDX-License-Identifier: MIT

import Testing

/// The way from a robust list head to a futex word, in every width. Each test is the check of its name.
@Suite(.tags(.abi), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct ABI {
    @Test func clearsPendingOperationOf32BitProcess() throws { try checkClaim() }
    @Test func clears32BitHeadOfOwnThreadWithoutPageTableEntry() throws { try checkClaim() }
    @Test func clearsLockEntryAtMultipleOf4GiB() throws { try checkClaim() }
    @Test func keepsReusedWordFrom32BitProcess() throws { try checkClaim() }
    @Test func wrapsFutexWordOf32BitProcessAround() throws { try checkClaim() }
    @Test func clearsFor32BitDestroyer() throws { try checkClaim() }
    @Test func refuses32BitRangeBeyondFourGibibytes() throws { try checkClaim() }
    @Test func clearsBothHeadsOfThread() throws { try checkClaim() }
    @Test func clears32BitHeadAndNothingBehindIt() throws { try checkClaim() }
    @Test func leaves32BitOperationOnLowerHalfOfAddress() throws { try checkClaim() }
    @Test func clears32BitHeadAcrossPageBoundary() throws { try checkClaim() }
    @Test func clearsPendingOperationOfX32Head() throws { try checkClaim() }
    @Test func followsAnyFutexOffset() throws { try checkClaim() }
    @Test func leavesOperationWhoseLockEntryAloneIsInRange() throws { try checkClaim() }
    @Test func leavesMisalignedFutexWord() throws { try checkClaim() }
    @Test func leavesNullWithModifierBits() throws { try checkClaim() }
    @Test func survivesPendingPointersAtEndsOfAddressSpace() throws { try checkClaim() }
    @Test func skipsMisalignedHead() throws { try checkClaim() }
    @Test func skipsUnmappedHead() throws { try checkClaim() }
}
