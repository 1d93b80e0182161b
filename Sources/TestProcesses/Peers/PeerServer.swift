// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage

/// The peer's side: carries out requests until the runner closes its end.
///
/// Runs in a process of one thread, which does nothing but this; tasks are C (see ctp_task.h). So the
/// process may be forked at any time: no other thread can hold a lock that the child would need.
package final class PeerServer {
    private var socket: Int32
    private var board: MemoryMapping?

    /// Takes over the descriptor of a connected SOCK_SEQPACKET socket.
    package init(socket: Int32) {
        self.socket = socket
        ctp_reap_children_automatically()
        // A runner's thread may be one of a pool, in which all are blocked.
        ctp_unblock_signals()
    }

    /// Serves; leaves the process when the other side is gone.
    package func run() -> Never {
        while true {
            var request = ctp_request()
            let size = MemoryLayout.size(ofValue: request)
            var descriptors = [Int32](repeating: -1, count: Int(CTP_MESSAGE_DESCRIPTORS))
            guard ctp_receive(socket, &request, size, &descriptors, -1) == size else { _exit(0) }
            let value = carryOut(request, descriptors)
            for descriptor in descriptors where descriptor >= 0 && descriptor != socket { close(descriptor) }
            if let value { reply(value) }
        }
    }

    private func reply(_ value: Int) {
        var reply = ctp_reply(value: Int64(value))
        if ctp_send(socket, &reply, MemoryLayout.size(ofValue: reply), nil, 0) != 0 { _exit(0) }
    }

    /// nil: somebody else replies.
    private func carryOut(_ request: ctp_request, _ descriptors: [Int32]) -> Int? {
        let (first, second, third, fourth, fifth, sixth, seventh) = request.arguments
        switch ctp_request_code(request.code) {
        case CTP_REQUEST_FORK:
            return fork(socket: descriptors[0], board: descriptors[1])
        case CTP_REQUEST_MAP:
            return crf_mmap(
                UInt(fifth), Int(first), Int32(second), Int32(third), descriptors[0],
                Int(fourth))
        case CTP_REQUEST_UNMAP:
            return crf_munmap(UInt(first), Int(second))
        case CTP_REQUEST_START:
            return start(slot: Int(first), kind: ctp_task_kind(UInt32(second)))
        case CTP_REQUEST_EXIT_LEADER:
            leaveToAnotherThread()
        case CTP_REQUEST_LOAD32:
            return Int(crf_load32(UnsafePointer(bitPattern: UInt(first))!))
        case CTP_REQUEST_STORE32:
            crf_store32(UnsafeMutablePointer(bitPattern: UInt(first))!, UInt32(second))
            return 0
        case CTP_REQUEST_SYSCALL:
            return crf_syscall6(
                Int(first), UInt(second), UInt(third), UInt(fourth), UInt(fifth), UInt(sixth), UInt(seventh))
        case CTP_REQUEST_MAP_MANY:
            return mapMany(
                length: Int(first), count: Int(second), at: UInt(third), stride: UInt(fourth),
                descriptor: descriptors[0])
        case CTP_REQUEST_EXECUTE:
            return ctp_execute(descriptors[0], descriptors[1], descriptors[2])
        case CTP_REQUEST_COUNT_SIGNAL:
            return ctp_count_signal(Int32(first))
        case CTP_REQUEST_TICKS:
            return ctp_begin_ticks(Int32(first), second, UnsafeMutablePointer(bitPattern: UInt(third)))
        case CTP_REQUEST_OPEN_MEMORY:
            return ctp_open_own_memory(ctp_own_memory(UInt32(first)))
        default:
            return -Int(EINVAL)
        }
    }

    /// In the parent the child's pid; in the child nothing, since the parent replies.
    private func fork(socket childSocket: Int32, board: Int32) -> Int? {
        let parent = getpid()
        let pid = ctp_fork()
        guard pid == 0 else { return pid < 0 ? -Int(errno) : Int(pid) }
        if ctp_die_with_parent(parent) != 0 { _exit(0) }
        close(socket)
        socket = childSocket
        do {
            let length = Int(CTP_BOARD_BYTES)
            self.board = try MemoryMapping(sharing: board, length: length)
        } catch {
            _exit(1)
        }
        return nil
    }

    private func start(slot: Int, kind: ctp_task_kind) -> Int {
        guard let address = board?.address, slot < Int(CTP_BOARD_SLOTS) else { return -Int(EINVAL) }
        return ctp_task_start(UnsafeMutablePointer<ctp_task>(bitPattern: address)! + slot, kind)
    }

    private func mapMany(length: Int, count: Int, at first: UInt, stride: UInt, descriptor: Int32) -> Int {
        let flags = MAP_SHARED | (first == 0 ? 0 : MAP_FIXED)
        for index in 0..<UInt(count) {
            let address = crf_mmap(
                first + index * stride, length, PROT_READ | PROT_WRITE, flags, descriptor, 0)
            if address < 0 { return address }
        }
        return count
    }

    private func leaveToAnotherThread() -> Never {
        var thread = pthread_t()
        let server = Unmanaged.passRetained(self).toOpaque()
        let error = pthread_create(&thread, nil, serveInThread, server)
        if error != 0 { _exit(1) }
        crf_exit_thread(0)
    }

    fileprivate func answerForLeader() -> Never {
        reply(0)
        run()
    }
}

private func serveInThread(_ server: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<PeerServer>.fromOpaque(server!).takeRetainedValue().answerForLeader()
}
