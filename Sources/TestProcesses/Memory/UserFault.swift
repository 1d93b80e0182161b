// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex

/// The page faults of a peer in the hands of this process: userfaultfd(2). Closed at the end of its life, which
/// lets everybody go that waits.
package final class UserFault {
    private let descriptor: Int32

    /// - Parameter features: such as `UFFD_FEATURE_EVENT_FORK`.
    package init(of peer: Peer, features: UInt64 = 0) throws {
        // poll(2) says nothing but POLLERR about one that is not O_NONBLOCK.
        let there = try peer.need("userfaultfd", crf_nr_userfaultfd, UInt(O_CLOEXEC | O_NONBLOCK))
        let handle = try required("pidfd of \(peer.pid)", crf_pidfd_open(peer.pid))
        defer { close(Int32(handle)) }
        descriptor = Int32(
            try required(
                "userfaultfd of peer \(peer.pid)",
                crf_syscall6(crf_nr_pidfd_getfd, UInt(handle), there, 0, 0, 0, 0)))
        // The peer's own would keep it open.
        try peer.need("close", Int(SYS_close), there)
        var api = uffdio_api(api: crf_uffd_api, features: features, ioctls: 0)
        try control(crf_uffdio_api, &api, "UFFDIO_API")
    }

    /// Faults on pages that are not there wait for ``fill(_:length:)``.
    package func holdMissing(_ address: UInt, length: Int = pageSize) throws {
        try register(address, length, crf_uffd_missing)
    }

    /// Stores to the pages, which are there, wait.
    package func holdWrites(_ address: UInt, length: Int = pageSize) throws {
        try register(address, length, crf_uffd_wp)
        var request = uffdio_writeprotect(
            range: uffdio_range(start: UInt64(address), len: UInt64(length)), mode: crf_uffd_wp_on)
        try control(crf_uffdio_writeprotect, &request, "UFFDIO_WRITEPROTECT")
    }

    private func register(_ address: UInt, _ length: Int, _ mode: UInt64) throws {
        var request = uffdio_register(
            range: uffdio_range(start: UInt64(address), len: UInt64(length)), mode: mode, ioctls: 0)
        try control(crf_uffdio_register, &request, "UFFDIO_REGISTER")
    }

    /// Pages of zeroes, and whoever waits for them goes on.
    package func fill(_ address: UInt, length: Int = pageSize) throws {
        var request = uffdio_zeropage(
            range: uffdio_range(start: UInt64(address), len: UInt64(length)), mode: 0, zeropage: 0)
        try control(crf_uffdio_zeropage, &request, "UFFDIO_ZEROPAGE")
    }

    /// Waits until somebody waits for this process, and takes the message; a fork goes on with that, a fault does not.
    package func awaitEvent(_ what: String) throws {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, Int32(Deadline().milliseconds())) == 1 else {
            throw CheckError.timedOut(what)
        }
        guard request.revents == Int16(POLLIN) else {
            throw CheckError.broken("poll of a userfaultfd for \(what): events \(request.revents)")
        }
    }

    /// Takes the message that ``awaitEvent(_:)`` announced: a fork goes on with that, a fault does not.
    package func takeEvent() throws {
        var message = uffd_msg()
        guard read(descriptor, &message, MemoryLayout<uffd_msg>.size) == MemoryLayout<uffd_msg>.size else {
            throw CheckError.broken("no message of a userfaultfd")
        }
        if message.event == UInt8(UFFD_EVENT_FORK) { close(Int32(message.arg.fork.ufd)) }
    }

    private func control<Request>(_ number: UInt, _ request: inout Request, _ name: String) throws {
        _ = try required(
            name,
            withUnsafeMutablePointer(to: &request) {
                crf_syscall6(crf_nr_ioctl, UInt(descriptor), number, UInt(bitPattern: $0), 0, 0, 0)
            })
    }

    deinit {
        close(descriptor)
    }
}
