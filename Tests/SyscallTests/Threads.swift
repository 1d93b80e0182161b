// SPDX-License-Identifier: MIT

import Testing

/// Tasks that are hard to find, or cannot run. Each test is the check of its name.
@Suite(.tags(.visibility), .whereApplicable, .serialized, .timeLimit(.minutes(5)))
struct Threads {
    @Test func clearsPendingOperationBehindZombieLeader() throws { try checkClaim() }
    @Test func clearsBehindZombieLeaderAmongAllProcesses() throws { try checkClaim() }
    @Test func clearsPendingOperationInProcessSharingMemory() throws { try checkClaim() }
    @Test func clearsInManyProcessesSharingMemory() throws { try checkClaim() }
    @Test func clearsPendingOperationInVforkChild() throws { try checkClaim() }
    @Test func clearsPendingOperationInProcessSharingMemoryOfCaller() throws { try checkClaim() }
    @Test func clearsPendingOperationInStoppedProcess() throws { try checkClaim() }
    @Test func findsSharerWhileThreadsExit() throws { try checkClaim() }
    @Test func findsSharerWhileThreadsComeAndGo() throws { try checkClaim() }
    @Test func findsSharerWhileProcessesAreForked() throws { try checkClaim() }
    @Test func findsSharerWhileAnotherExecutes() throws { try checkClaim() }
    @Test func clearsPendingOperationInTracedTask() throws { try checkClaim() }
    @Test func clearsPendingOperationInFrozenGroup() throws { try checkClaim() }
    @Test func clearsPendingOperationInOtherNamespaces() throws { try checkClaim() }
    @Test func clearsForCallerInOtherNamespaces() throws { try checkClaim() }
    @Test func clearsInHundredsOfThreads() throws { try checkClaim() }
    @Test func clearsInHundredsOfProcesses() throws { try checkClaim() }
    @Test func clearsWhileProcessIsForking() throws { try checkClaim() }
    @Test func leavesMemoryOfChildBeforeForkIsOver() throws { try checkClaim() }
    @Test func clearsBehindOwnerThatHasNotRunYet() throws { try checkClaim() }
    @Test func leavesMemoryOfThreadsThatExit() throws { try checkClaim() }
}
