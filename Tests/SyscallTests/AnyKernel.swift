// SPDX-License-Identifier: MIT

import Testing

/// Claims about every kernel: the bug itself, and what is found out about the kernel. Each test is the check of its name.
@Suite(.tags(.race, .detection), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct AnyKernel {
    @Test func corruptsReusedWordWithoutTheCall() throws { try checkClaim() }
    @Test func corruptsReusedWordInOwnProcessWithoutTheCall() throws { try checkClaim() }
    @Test func corruptsReusedFileWithoutTheCall() throws { try checkClaim() }
    @Test func findsRobustUnlockAndItsFunctionsTogether() throws { try checkClaim() }
}
