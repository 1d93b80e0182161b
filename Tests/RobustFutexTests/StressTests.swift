// SPDX-License-Identifier: MIT

import RobustFutex
import Testing

/// robust-list-check stress: what it says must depend on what happened.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct StressTests {
    private func stress(_ arguments: String...) async throws -> CommandEnd {
        try await robustListCheck(["stress"] + arguments)
    }

    @Test func findsTheCorruptionThatKernelsCauseWithoutTheCall() async throws {
        let ended = try await stress("--without-call", "--stop-at-first", "--seconds", "60")
        #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
        #expect(ended.output.contains(#/[1-9][0-9]* locks corrupted,/#))
    }

    @Test(.enabled(if: !SyscallDetection.ofThisKernel.isPresent, "is about kernels without the call"))
    func refusesWithoutTheCallAndSaysWhatToDo() async throws {
        let ended = try await stress("--seconds", "1")
        #expect(ended.status == 4)
        #expect(ended.errors.contains("--without-call"))
        #expect(ended.output == "")
    }

    @Test(
        arguments: [
            ("--locks", "1"), ("--locks", "65"), ("--seconds", "0"), ("--processes", "0"),
            ("--threads", "65"),
        ])
    func refusesNumbersOutOfRangeByName(option: String, number: String) async throws {
        let ended = try await stress("--without-call", option, number)
        #expect(ended.status == 64)
        #expect(ended.errors.contains("\(option) \(number)"))
    }
}
