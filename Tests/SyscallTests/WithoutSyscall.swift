// SPDX-License-Identifier: MIT

import Testing

/// Claims about kernels without the system call; skipped where it is there. Each test is the check of its name.
@Suite(.tags(.detection), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct WithoutSyscall {
    @Test func throwsTypedErrorAndChangesNothing() throws { try checkClaim() }
    @Test func reportsAbsenceWithEvidence() throws { try checkClaim() }
}
