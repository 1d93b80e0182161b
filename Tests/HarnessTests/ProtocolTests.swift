// SPDX-License-Identifier: MIT

import GuestProtocol
import Testing

@Suite struct ProtocolTests {
    @Test(arguments: [
        GuestReport.ready(release: "7.3.4-stock"), .started, .failed("no 9p"),
        .blockedTasksShown,
        .ended(.exited(7), sent: .init(output: 1, error: 2, events: 3)),
        .ended(.signalled(9), sent: .init(output: 0, error: 0, events: 0)),
        .ended(.notExecuted(2), sent: .init(output: 0, error: 0, events: 0)),
    ])
    func reportSurvivesTheWire(_ report: GuestReport) throws {
        var bytes = report.message.encoded
        #expect(try GuestReport(try #require(try Message.take(from: &bytes))) == report)
    }

    @Test func messagesArriveInPieces() throws {
        let whole = farewell.encoded + GuestReport.started.message.encoded
        var received: [UInt8] = []
        var messages: [Message] = []
        for byte in whole {
            received.append(byte)
            while let message = try Message.take(from: &received) { messages.append(message) }
        }
        #expect(messages == [farewell, GuestReport.started.message])
    }

    @Test(arguments: ["x", ":", "5hello,", "5:helloX", "99999999999999999999:", "1:a,"])
    func garbageIsRefused(_ text: String) {
        var bytes = Array(text.utf8)
        #expect(throws: ProtocolError.self) { try Message.take(from: &bytes) }
    }

    @Test func reportWithoutHowItEndedIsRefused() {
        let message = Message("ended", [.init("output", "0"), .init("error", "0"), .init("events", "0")])
        #expect(throws: ProtocolError.self) { try GuestReport(message) }
    }
}
