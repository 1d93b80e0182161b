// SPDX-License-Identifier: MIT

import Testing

/// Tasks that are hard to find, or cannot run. Each test is the check of its name.
@Suite(.tags(.visibility), .needsSyscall, .serialized, .timeLimit(.minutes(5)))
struct Threads {
    @Test func clearsPendingOperationBehindZombieLeader() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInProcessSharingMemory() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInVforkChild() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInProcessSharingMemoryOfCaller() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInStoppedProcess() throws { try holdKernelAgainstCheck() }
}
