// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import Testing

@testable import GuestHarness

/// The host's side of the conversation, with a peer in place of QEMU.
@Suite struct GuestChannelsTests {
    /// The end of a port that QEMU has.
    private struct Peer {
        let file: Int32

        init(_ port: GuestPort, run: String) throws {
            file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = [0] + Array(PortSocket(port, run: run).name.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, length) }
            }
            try #require(result == 0)
            // A test that waits for ever says nothing.
            var limit = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        func send(_ report: GuestReport) {
            let bytes = report.message.encoded
            #expect(write(file, bytes, bytes.count) == bytes.count)
        }

        /// The next message of the host; fails the test when none comes within the limit.
        func receive() throws -> Message {
            var bytes: [UInt8] = []
            while true {
                if let message = try Message.take(from: &bytes) { return message }
                var byte: UInt8 = 0
                try #require(read(file, &byte, 1) == 1, "the host said nothing for 20 s")
                bytes.append(byte)
            }
        }
    }

    private let request = GuestRequest(
        root: .image, workingDirectory: "/", environment: [], arguments: ["true"])

    /// Has a conversation whose command has had its time after 50 ms, unless told otherwise.
    private func ending(
        commandLimit: Duration = .milliseconds(50), silenceLimit: Duration? = nil,
        _ guest: @Sendable (Peer) throws -> Void
    ) async throws -> GuestChannels.Ending {
        let run = PortSocket.newRun()
        let channels = try GuestChannels(run: run)
        let request = request
        let (endings, arrival) = AsyncStream.makeStream(of: GuestChannels.Ending.self)
        // Both sides block their threads, of which tasks have few.
        Thread.detachNewThread {
            arrival.yield(
                channels.converse(
                    request: request, bootLimit: .seconds(20), commandLimit: commandLimit,
                    silenceLimit: silenceLimit, handlers: .init(output: { _ in }, error: { _ in })))
        }
        let peer = try Peer(.control, run: run)
        peer.send(.ready(release: "1"))
        #expect(try peer.receive() == request.message)
        peer.send(.started)
        try guest(peer)
        for await ending in endings { return ending }
        throw HarnessError("the conversation has no ending")
    }

    @Test func guestIsAskedForItsBlockedTasksBeforeItIsEnded() async throws {
        let how = try await ending { (peer: Peer) throws in
            #expect(try peer.receive() == showBlockedTasks)
            peer.send(.blockedTasksShown)
            #expect(try peer.receive() == farewell)
        }
        #expect(how == .commandTimedOut)
    }

    @Test(arguments: [
        (Duration.seconds(20), Duration.milliseconds(50), GuestChannels.Ending.commandSilent),
        (.milliseconds(50), .seconds(20), .commandTimedOut),
    ])
    func commandHasTheShorterOfItsLimits(
        commandLimit: Duration, silenceLimit: Duration, expected: GuestChannels.Ending
    ) async throws {
        let how = try await ending(commandLimit: commandLimit, silenceLimit: silenceLimit) {
            (peer: Peer) throws in
            #expect(try peer.receive() == showBlockedTasks)
            peer.send(.blockedTasksShown)
            #expect(try peer.receive() == farewell)
        }
        #expect(how == expected)
    }

    @Test func commandThatEndsMeanwhileHasNotEndedInTime() async throws {
        let how = try await ending { (peer: Peer) throws in
            #expect(try peer.receive() == showBlockedTasks)
            peer.send(.ended(.exited(0), sent: .init(output: 0, error: 0, events: 0)))
            #expect(try peer.receive() == farewell)
        }
        #expect(how == .commandTimedOut)
    }
}
