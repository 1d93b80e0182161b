// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct MutantOrderTests {
    private static let mutant = Mutant(
        number: 3, line: 7, function: "f", original: "a", replacement: "b")

    @Test func fastestCheckIsFirst() throws {
        let checks = try ["A/slow passed 90 08", "A/fast passed 5 08", "A/killer passed 40 08"].map {
            try #require(MutantRun.Reach($0))
        }
        #expect(MutantRun.order(checks, first: nil).map(\.check) == ["A/fast", "A/killer", "A/slow"])
        #expect(MutantRun.order(checks, first: "A/gone").map(\.check) == ["A/fast", "A/killer", "A/slow"])
    }

    @Test func checkThatKilledBeforeIsFirst() async throws {
        try await withTemporaryDirectory { directory in
            let moved = Mutant(number: 5, line: 9, function: "f", original: "a", replacement: "b")
            try KeptFindings(in: directory, inputs: ["old"])
                .keep(.init(mutant: Self.mutant, verdict: .killed, reason: "A/killer failed"))
            let killers = KeptFindings.formerKillers(in: directory)
            let checks = try ["A/fast passed 5 08", "A/killer passed 40 08"].map {
                try #require(MutantRun.Reach($0))
            }
            #expect(
                MutantRun.order(checks, first: killers[moved.identity]).map(\.check) == [
                    "A/killer", "A/fast",
                ])
        }
    }

    @Test func survivorHadNoKiller() async throws {
        try await withTemporaryDirectory { directory in
            try KeptFindings(in: directory, inputs: [])
                .keep(.init(mutant: Self.mutant, verdict: .survived, reason: ""))
            #expect(KeptFindings.formerKillers(in: directory).isEmpty)
        }
    }
}
