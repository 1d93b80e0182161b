// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutexChecks
import SystemPackage
import Testing

@testable import RobustFutex

/// On a kernel where the number is another system call, nothing here may make it do something.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct OtherCallTests {
    private static let setRobustList2 = [OtherCall.commandSecond, .commandThird]

    /// Not ours, and known not to be, whether it is taken for another call's or for a filter's.
    private func expectNotOurs(_ words: String, _ other: OtherCall) {
        let expected =
            other == .zero ? "filtered (success, with nothing done)" : "number taken by another system call"
        #expect(words == expected, "\(other)")
    }

    /// The player itself: a test of what it does not log would pass whatever is called.
    @Test(arguments: setRobustList2)
    func playsCallThatWouldRegister(other: OtherCall) throws {
        let (_, calls) = try CallFilter.plays(other).apply {
            crf_asked_kernel(64, 0, 0, 0)
        }
        #expect(calls.map(\.changesLists) == [true])
        #expect(calls.first?.arguments == [64, 0, 0, 0, 0, 0])
    }

    /// Also where nobody has looked at the kernel before the library's call.
    @Test(arguments: OtherCall.allCases)
    func registersNothingByTheLibrarysCall(other: OtherCall) throws {
        let page = try MemoryMapping(anonymous: .private, length: 4096)
        let address = page.address
        let (_, calls) = try CallFilter.plays(other).apply {
            for length in [1, 2, 3, 4, 40, 4096] {
                for flags in [CleanupFlags(), .privateOnly] {
                    try? cleanupRobustList(address: address, length: length, flags: flags)
                    try? cleanupRobustList(address: 0, length: length, flags: flags)
                }
            }
        }
        #expect(calls.count == 24)
        #expect(calls.filter(\.changesLists) == [])
    }

    @Test(
        arguments: [(.one, .noFunction), (.descriptor, .noFunction)]
            + setRobustList2.map { ($0, .invalidArgument) }
            as [(OtherCall, Errno)])
    func throwsWhereTheNumberIsAnotherCall(other: OtherCall, expected: Errno) throws {
        let page = try MemoryMapping(anonymous: .private, length: 4096)
        let address = page.address
        let (thrown, _) = try CallFilter.plays(other).apply { () -> Errno? in
            do throws(Errno) {
                try cleanupRobustList(address: address, length: 4)
                return nil
            } catch {
                return error
            }
        }
        #expect(thrown == expected)
    }

    /// Length 0 is a command that registers to one, and would be a call for nothing to all.
    @Test(arguments: OtherCall.allCases)
    func makesNoCallForAnEmptyRange(other: OtherCall) throws {
        let (_, calls) = try CallFilter.plays(other).apply {
            try cleanupRobustList(address: 64, length: 0)
            try cleanupRobustList(address: 64, length: 0, flags: .privateOnly)
        }
        #expect(calls == [])
    }

    @Test(arguments: OtherCall.allCases)
    func asksInAnotherProcessAndRegistersNothing(other: OtherCall) throws {
        let (found, calls) = try CallFilter.plays(other).apply {
            (caller: crf_gettid(), detection: SyscallDetection.looked())
        }
        expectNotOurs(found.detection.verdict.words, other)
        #expect(!calls.isEmpty)
        #expect(calls.filter(\.changesLists) == [])
        #expect(calls.filter { $0.tid == found.caller } == [])
        #expect(Set(calls.map(\.tid)).count == 1)
    }

    /// The first call is the one of which least is known.
    @Test func asksFirstWithArgumentsThatHardlyAnythingAccepts() throws {
        let (_, calls) = try CallFilter.plays(.one).apply { SyscallDetection.looked() }
        let first = try #require(calls.first).arguments
        #expect(first[0] > 0x7fff_ffff_ffff)
        #expect(Int32(truncatingIfNeeded: first[0]) == Int32.min)
        #expect(UInt32(truncatingIfNeeded: first[2]) == 0xffff_ff7f)
        #expect(first[3...] == [.max, .max, .max])
    }

    @Test(arguments: OtherCall.allCases)
    func probesWithoutRegistering(other: OtherCall) throws {
        let (ended, calls) = try robustListCheck(["probe"], behind: .plays(other))
        #expect(ended.status == 0)
        let line = try #require(
            ended.output.split(separator: "\n").first { $0.hasPrefix("cleanup_robust_list:") })
        expectNotOurs(line.split(separator: ":")[1].drop { $0 == " " }.description, other)
        #expect(calls.filter(\.changesLists) == [])
    }

    /// Those who ask are one process; whoever else calls hits something else.
    @Test(arguments: OtherCall.allCases)
    func runsNoCheckThatNeedsTheCall(other: OtherCall) throws {
        let (ended, calls) = try robustListCheck(
            [
                "run", "--filter", "^Probe/", "--filter",
                "^Race/[a-z]+ReusedWord(Without|IntactAfter)TheCall$",
            ], behind: .plays(other))
        #expect(ended.status == 0, "\(ended.output)")
        #expect(
            ended.output.hasSuffix("# Totals: pass:2 fail:0 error:0 timeout:0 skip:4\n"), "\(ended.output)")
        let skips = ended.output.split(separator: "\n").filter { $0.contains("# SKIP") }
        #expect(skips.allSatisfy { $0.contains("number 473: unknown flags give") })
        #expect(Set(calls.map(\.tid)).count == 1)
        #expect(calls.filter(\.changesLists) == [])
    }
}
