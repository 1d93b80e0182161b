// SPDX-License-Identifier: MIT

import CGuestInit
import Glibc
import GuestProtocol

private let portDirectory = "/dev/virtio-ports"

/// Gives the ports their names: there is no udev here to do so.
func linkPorts() throws(InitError) {
    try makeDirectories(portDirectory)
    let base = "/sys/class/virtio-ports"
    guard let directory = opendir(base) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
        let device = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard device.hasPrefix("vport"), let name = readLine(of: "\(base)/\(device)/name") else { continue }
        symlink("/dev/\(device)", "\(portDirectory)/\(name)")
    }
}

private func readLine(of path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}

/// Opens a port. The descriptor stays blocking: a write then returns when the host has taken it.
func openPort(_ port: GuestPort) throws(InitError) -> Int32 {
    let path = "\(portDirectory)/\(port.name)"
    return try check("open \(path)") { open(path, O_RDWR | O_CLOEXEC) }
}

/// Writes all of `bytes`.
func writeAll(_ bytes: some Collection<UInt8>, to file: Int32) throws(InitError) {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
        let count = try check("write to the host") {
            rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        }
        rest = rest.dropFirst(count)
    }
}

/// The messages between host and init.
final class ControlPort {
    let file: Int32
    private var received: [UInt8] = []

    init() throws(InitError) {
        file = try openPort(.control)
    }

    /// A report that cannot be sent cannot be reported either: the host's limits end the run.
    func send(_ report: GuestReport) {
        try? writeAll(report.message.encoded, to: file)
    }

    func receiveRequest() throws(InitError) -> GuestRequest {
        let message = try receive()
        do {
            return try GuestRequest(message)
        } catch {
            throw InitError("a request that is none: \(error)")
        }
    }

    /// Waits until the host has all output. It ends the guest itself when that takes too long.
    func waitForFarewell() throws(InitError) {
        while try receive() != farewell {}
    }

    /// The messages in what has come, once `file` can be read.
    func messages() throws(InitError) -> [Message] {
        try read()
        var messages: [Message] = []
        while let message = try take() { messages.append(message) }
        return messages
    }

    private func receive() throws(InitError) -> Message {
        while true {
            if let message = try take() { return message }
            var waiting = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            try check("wait for the host") { poll(&waiting, 1, -1) }
            try read()
        }
    }

    private func take() throws(InitError) -> Message? {
        do {
            return try Message.take(from: &received)
        } catch {
            throw InitError("the host's bytes make no sense: \(error)")
        }
    }

    private func read() throws(InitError) {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = try check("read from the host") { Glibc.read(file, &chunk, chunk.count) }
        guard count > 0 else { throw InitError("the host closed the control port") }
        received += chunk[..<count]
    }
}
