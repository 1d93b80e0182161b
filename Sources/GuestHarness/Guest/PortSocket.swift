// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import GuestProtocol

/// The socket through which QEMU connects a port of the guest, or its console, with the harness.
///
/// Its name is in Linux's abstract namespace: it is in no directory, and gone with the harness, even when that is killed.
/// No permissions protect such a name, so whoever connects is asked for who it is.
struct PortSocket {
    /// Without the null byte that abstract names begin with.
    let name: String

    /// - Parameter run: tells this run's sockets from those of all others.
    init(_ port: GuestPort, run: String) {
        name = "\(run)/\(port.rawValue)"
    }

    /// The socket of the guest's console instead of a port.
    init(consoleOf run: String) {
        name = "\(run)/console"
    }

    /// A name that no other run has.
    static func newRun() -> String {
        "robust-futex-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    }

    /// As the backend of a QEMU character device.
    var backend: String { "path=\(name),abstract=on" }

    /// Begins to listen.
    func listen() throws -> Int32 {
        func fail(_ what: String) -> HarnessError {
            HarnessError("\(what) the socket \(name): \(String(cString: strerror(errno)))")
        }
        let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw fail("cannot make") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(file, $0, socklen_t(length)) }
        }
        guard bound == 0 else { throw fail("cannot bind") }
        guard Glibc.listen(file, 1) == 0 else { throw fail("cannot listen on") }
        return file
    }

    /// Accepts a connection; nil when there is none, or when it is another user's, which is closed.
    static func accept(_ listener: Int32) -> Int32? {
        let file = Glibc.accept(listener, nil, nil)
        guard file >= 0 else { return nil }
        // struct ucred, which is not declared without _GNU_SOURCE.
        var peer: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: peer))
        guard getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0, peer.uid == geteuid() else {
            close(file)
            return nil
        }
        return file
    }
}
