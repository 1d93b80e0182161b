// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import Testing

@testable import RobustFutexChecks
@testable import TestProcesses

/// Peers are real: what a check relies on before its call is seen here without the call.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PeerTests {
    private func withPeer(_ body: (Peer, UInt) throws -> Void) throws {
        let file = try MemoryFile(name: "peer-test", length: 4096)
        let peer = try Peer()
        defer { try? peer.close() }
        try body(peer, try peer.map(file, length: 4096) + 0x180)
    }

    @Test(arguments: [PeerTask.Kind.thread, .vmProcess, .vforkChild])
    func sitsInTheWindowAsTheKernelSeesIt(kind: PeerTask.Kind) throws {
        try withPeer { peer, word in
            let task = try peer.startTask(kind)
            #expect((task.processID == peer.pid) == (kind == .thread))
            try task.lock(word)
            #expect(try peer.word(at: word) == FutexWord(owner: task.tid))
            #expect(try task.pendingOperation() == nil)
            #expect(try task.release() == FutexWord(owner: task.tid))
            #expect(try peer.word(at: word) == .unlocked)
            let expected = PendingOperation(futexWord: word, futexOffset: PeerTask.defaultFutexOffset)
            #expect(try task.pendingOperation() == expected)
            #expect(try task.finish() == expected)
            #expect(try task.pendingOperation() == nil)
        }
    }

    @Test func refusesToConfirmWindowThatItIsNotIn() throws {
        try withPeer { peer, word in
            let task = try peer.startTask()
            try task.enterWindow(at: word)
            try task.finish()
            #expect(throws: CheckError.self) { try task.confirmPending(at: word) }
        }
    }

    @Test func refusesLockThatSomebodyHolds() throws {
        try withPeer { peer, word in
            try peer.startTask().lock(word)
            let second = try peer.startTask()
            #expect(throws: CheckError.self) { try second.lock(word) }
        }
    }

    @Test func owesTheWakeThatItsFinishGives() throws {
        try withPeer { peer, word in
            let unlocker = try peer.startTask()
            let waiter = try peer.startTask()
            try unlocker.lock(word)
            try waiter.beginWait(at: word)
            #expect(try unlocker.release().hasWaiters)
            #expect(!waiter.isIdle)
            try unlocker.finish()
            #expect(try waiter.waitResult() == 0)
        }
    }

    @Test func leavesLockToTheKernelWhenItDiesWithIt() throws {
        try withPeer { peer, word in
            let task = try peer.startTask()
            try task.lock(word)
            try task.exit()
            #expect(try peer.word(at: word) == .ownerDied)
        }
    }

    @Test func staysInTheWindowBehindZombieLeader() throws {
        try withPeer { peer, word in
            let task = try peer.startTask()
            try task.enterWindow(at: word)
            try peer.exitLeader()
            #expect(ProcessState.letter(of: peer.pid, in: peer.pid) == "Z")
            try task.confirmPending(at: word)
        }
    }

    @Test func stopsEveryThread() throws {
        try withPeer { peer, _ in
            let task = try peer.startTask()
            try peer.stop()
            #expect(ProcessState.letter(of: task.tid, in: peer.pid) == "T")
        }
    }

    @Test func copiesPrivateMemoryAndSharesSharedMemoryOnFork() throws {
        try withPeer { parent, shared in
            let copied = try parent.map(anonymous: .private, length: 4096)
            let child = try parent.fork()
            defer { try? child.close() }
            try parent.store(FutexWord(owner: 7), at: copied)
            try parent.store(FutexWord(owner: 7), at: shared)
            #expect(try child.word(at: copied) == .unlocked)
            #expect(try child.word(at: shared) == FutexWord(owner: 7))
        }
    }

    @Test func reportsPeerThatDiedDuringAnOrder() throws {
        try withPeer { peer, word in
            let task = try peer.startTask()
            try peer.killAndWait()
            #expect(
                throws: CheckError.broken(
                    "peer \(peer.pid) ended during task \(task.tid) to carry out order 1")
            ) {
                try task.lock(word)
            }
        }
    }

    @Test func endsTasksWithTheirPeer() throws {
        var processes: [Int32] = []
        try withPeer { peer, _ in
            processes = [peer.pid, try peer.startTask(.vmProcess).tid, try peer.startTask(.vforkChild).tid]
        }
        for pid in processes { #expect(!ProcessState.isAlive(pid), "process \(pid)") }
    }

    @Test func countsSignalsThatItsRunnersThreadHadBlocked() throws {
        try withPeer { peer, _ in
            let task = try peer.startTask()
            #expect(try peer.countSignal(SIGUSR1) == 0)
            try task.send(SIGUSR1)
            try Deadline.poll(for: "the handler") { try peer.countSignal(SIGUSR1) == 1 }
        }
    }

    @Test func carriesOutSystemCallsOfItsOwn() throws {
        try withPeer { peer, _ in
            let ofServer = try peer.syscall(crf_nr_getpid)
            let ofTask = try peer.startTask().syscall(crf_nr_getpid)
            #expect([ofServer, ofTask] == [Int(peer.pid), Int(peer.pid)])
            #expect(throws: CheckError.broken("close in peer \(peer.pid): EBADF")) {
                try peer.need("close", Int(SYS_close), 9999)
            }
        }
    }

    @Test func hasHeadWhereACheckPlacesIt() throws {
        try withPeer { peer, word in
            let task = try peer.startTask()
            let head = try PlacedHead(of: task, at: try peer.map(anonymous: .private, length: 4096))
            try head.enterWindow(at: word)
            var registered: UInt = 0
            #expect(crf_get_robust_list(task.tid, &registered) == 0)
            #expect(registered == head.address)
            #expect(try head.pending() == word + 32)
        }
    }

    @Test(.enabled(if: Feature.compat.reasonMissing() == nil, "no system calls of 32 bits here"))
    func becomesProcessOf32Bits() throws {
        let file = try MemoryFile(name: "peer-test", length: 4096)
        let peer = try Peer()
        defer { try? peer.close() }
        let task = try peer.become32Bit(sharing: file)
        // Number 20 of the table of 32 bits is getpid, that of 64 bits has writev there.
        let pid = try task.syscall(20)
        #expect(pid == Int(peer.pid))
        #expect(task.tid == peer.pid)
    }

    @Test func executesTinyProgramOf64Bits() throws {
        try withPeer { peer, _ in
            let scratch = try peer.map(anonymous: .private, length: 4096)
            let program = try peer.send(try Program.native.file())
            let task = try peer.startTask(.vmProcess)
            try task.beginExecution(descriptor: program, scratch: scratch)
            try Deadline.poll(for: "exec") { try task.hasExecuted() }
        }
    }

    /// Closes what the kernel closes when a runner dies; peers of this root keep their own sockets.
    @Test func endsPeersWithTheirRunner() throws {
        let (runner, root) = try MessageSocket.pair()
        let (near, far) = try MessageSocket.pair()
        defer { close(far) }
        let board = try Board()
        let process = try PeerRoot.start(serving: root)
        close(root)
        var connection: Connection? = Connection(socket: runner, name: "root")
        let pid = try #require(
            try connection?.request(CTP_REQUEST_FORK, descriptors: [far, board.file.descriptor.rawValue]))
        let peer = try ProcessHandle(pid: Int32(pid))
        let talk = Connection(socket: near, name: "peer")
        // Once it answers it is past the moment at which it would notice by itself that its parent is gone.
        #expect(try talk.request(CTP_REQUEST_UNMAP, [0, 4096]) == 0)
        connection = nil
        try process.waitForExit()
        try withExtendedLifetime(talk) { try peer.waitForExit() }
        waitpid(process.pid, nil, 0)
    }

    @Test func endsPeerWhoseSocketIsClosed() throws {
        let process: ProcessHandle
        do {
            let peer = try Peer()
            process = try ProcessHandle(pid: peer.pid)
        }
        try process.waitForExit()
    }
}
