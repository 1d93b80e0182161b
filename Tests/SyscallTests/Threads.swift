// SPDX-License-Identifier: MIT

import Testing

/// Tasks that are hard to find, or cannot run. Each test is the check of its name.
@Suite(.tags(.visibility), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Threads {
    @Test func clearsPendingOperationBehindZombieLeader() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInProcessSharingMemory() throws { try holdKernelAgainstCheck() }
    @Test func clearsInManyProcessesSharingMemory() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInVforkChild() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInProcessSharingMemoryOfCaller() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInStoppedProcess() throws { try holdKernelAgainstCheck() }
    @Test func findsSharerWhileThreadsExit() throws { try holdKernelAgainstCheck() }
    @Test func findsSharerWhileThreadsComeAndGo() throws { try holdKernelAgainstCheck() }
    @Test func findsSharerWhileProcessesAreForked() throws { try holdKernelAgainstCheck() }
    @Test func findsSharerWhileAnotherExecutes() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInTracedTask() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInFrozenGroup() throws { try holdKernelAgainstCheck() }
    @Test func clearsPendingOperationInOtherNamespaces() throws { try holdKernelAgainstCheck() }
    @Test func clearsForCallerInOtherNamespaces() throws { try holdKernelAgainstCheck() }
    @Test func clearsInHundredsOfThreads() throws { try holdKernelAgainstCheck() }
    @Test func clearsInHundredsOfProcesses() throws { try holdKernelAgainstCheck() }
    @Test func clearsWhileProcessIsForking() throws { try holdKernelAgainstCheck() }
    @Test func leavesMemoryOfThreadsThatExit() throws { try holdKernelAgainstCheck() }
}
