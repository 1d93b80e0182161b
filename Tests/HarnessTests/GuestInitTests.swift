// SPDX-License-Identifier: MIT

import Foundation
import GuestProtocol
import Subprocess
import SystemPackage
import Testing

@testable import GuestHarness

/// The messages, as the guest's init takes them apart, which is C.
@Suite struct GuestInitTests {
    /// The fields that init finds in `bytes`.
    private func understood(_ bytes: [UInt8]) async throws -> String {
        let root = try Repository.containing(FilePath(#filePath)).root
        let sources = root.appending(GuestPrograms.initSources)
        let subject = try #require(Bundle.module.path(forResource: "Subjects/print_messages", ofType: "c"))
        return try await withTemporaryDirectory { directory in
            let program = directory.appending("print-messages")
            _ = try await Tool(
                "gcc",
                [
                    "-Wall", "-Werror", "-fsanitize=address,undefined", "-I", sources.string, "-o",
                    program.string,
                    subject, sources.appending("message.c").string,
                ]
            ).output()
            let result = try await Subprocess.run(
                .path(program), input: .array(bytes), output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 16))
            #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
            return result.standardOutput
        }
    }

    @Test func takesRequestApart() async throws {
        let request = GuestRequest(
            root: .host, sharedDirectory: "/a b", workingDirectory: "/c=d",
            environment: ["X=1=2", "EMPTY="], arguments: ["sh", "-c 'ü,5:x,'", ""],
            terminal: .init(columns: 132, rows: 50))
        #expect(
            try await understood(request.message.encoded) == """
                run
                root=host
                directory=/c=d
                share=/a b
                terminal=132x50
                environment=X=1=2
                environment=EMPTY=
                argument=sh
                argument=-c 'ü,5:x,'
                argument=
                second argument: -c 'ü,5:x,'

                """)
    }

    @Test func takesMessagesThatFollowEachOther() async throws {
        let messages = [
            farewell, showBlockedTasks, TerminalEvent.keys([0, 3, 0xff]).message,
            TerminalEvent.window(.init(columns: 80, rows: 24)).message,
        ]
        #expect(
            try await understood(messages.flatMap(\.encoded)) == """
                farewell
                second argument: none
                show-blocked-tasks
                second argument: none
                keys
                bytes=0003ff
                second argument: none
                window
                size=80x24
                second argument: none

                """)
    }

    @Test(arguments: ["x", ":", "5hello,", "5:helloX", "99999999999999999999:", "1:a,", "0:,"])
    func refusesGarbage(_ text: String) async throws {
        #expect(try await understood(Array(text.utf8)) == "nonsense\n")
    }
}
