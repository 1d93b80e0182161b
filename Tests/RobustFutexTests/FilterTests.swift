// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutexChecks
import SystemPackage
import Testing

@testable import RobustFutex

/// Filters that end who makes the call, or answer it: survived, and called by their name.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct FilterTests {
    private static let fatal = [CTP_FILTER_KILL_PROCESS, CTP_FILTER_KILL_THREAD, CTP_FILTER_TRAP]
    private static let errors = [EPERM, EACCES, EINVAL, ENOMEM, EOPNOTSUPP, 0]
    private static let advice = "boot a patched one"

    @Test(arguments: fatal)
    func survivesFilterThatEndsItsCaller(action: ctp_filter_action) throws {
        let (detection, _) = try CallFilter.action(action).apply { SyscallDetection.looked() }
        #expect(detection.verdict == .fatal)
    }

    @Test(arguments: errors)
    func namesFilterThatAnswers(error: Int32) throws {
        let (detection, _) = try CallFilter.error(error).apply { SyscallDetection.looked() }
        #expect(detection.verdict == .blocked(Errno(rawValue: error)))
        #expect(detection.evidence.contains("seccomp mode 2 is in force"))
    }

    @Test(arguments: errors.filter { $0 != 0 })
    func throwsWhatFilterAnswers(error: Int32) throws {
        let page = try MemoryMapping(anonymous: .private, length: 4096)
        let address = page.address
        #expect(throws: Errno(rawValue: error)) {
            try CallFilter.error(error).apply { try cleanupRobustList(address: address, length: 4) }
        }
    }

    @Test(arguments: fatal)
    func probesBehindFilterThatEndsItsCaller(action: ctp_filter_action) throws {
        let (ended, _) = try robustListCheck(["probe"], behind: .action(action))
        #expect(ended.status == 0)
        #expect(ended.output.contains("cleanup_robust_list:   filtered (SIGSYS)\n"))
        #expect(ended.output.contains("a seccomp filter ends its caller by SIGSYS\n"))
    }

    @Test(arguments: fatal)
    func runsChecksThatNeedNoCall(action: ctp_filter_action) throws {
        let (ended, _) = try robustListCheck(
            [
                "run", "--filter", "^Probe/", "--filter",
                "^Race/[a-z]+ReusedWord(Without|IntactAfter)TheCall$",
            ], behind: .action(action))
        #expect(ended.status == 0, "\(ended.output)")
        #expect(
            ended.output.hasSuffix("# Totals: pass:2 fail:0 error:0 timeout:0 skip:4\n"), "\(ended.output)")
        #expect(ended.output.contains("filtered (SIGSYS)"))
        #expect(!ended.output.contains(Self.advice))
    }

    @Test(arguments: errors)
    func doesNotAdviseAnotherKernelBehindFilter(error: Int32) throws {
        let (ended, _) = try robustListCheck(["run", "--filter", "^Probe/"], behind: .error(error))
        #expect(ended.status == 0, "\(ended.output)")
        #expect(
            ended.output.contains("findsSyscallAvailable # SKIP needs cleanup_robust_list(2): filtered ("))
        #expect(!ended.output.contains(Self.advice))
    }

    /// The legacy destroyer makes no call: what comes of it is what comes of it without a filter.
    @Test(arguments: fatal)
    func showsTheRaceThatNeedsNoCall(action: ctp_filter_action) async throws {
        let arguments = ["race", "--quick", "--scenario", "^single-step/self/plain/shared/sigkill/"]
        func line(_ text: String, _ destroyer: String) throws -> String {
            let line = try #require(text.split(separator: "\n").first { $0.contains("/\(destroyer): ") })
            // Without its number before and the time behind.
            return String(line.drop { $0 != " " }.prefix { $0 != "(" })
        }
        let free = try await robustListCheck(arguments)
        let (ended, _) = try robustListCheck(arguments, behind: .action(action))
        #expect(ended.status == free.status)
        #expect(try line(ended.output, "legacy") == line(free.output, "legacy"))
        #expect(
            ended.output.contains(
                "/cleanup: cannot run: a seccomp filter forbids cleanup_robust_list: filtered (SIGSYS)"))
        let (legacy, _) = try robustListCheck(arguments + ["--destroyer", "legacy"], behind: .action(action))
        #expect(try line(legacy.output, "legacy") == line(free.output, "legacy"))
    }

    @Test(arguments: fatal)
    func refusesStressBehindFilterThatEndsItsCaller(action: ctp_filter_action) throws {
        let (ended, _) = try robustListCheck(["stress", "--seconds", "1"], behind: .action(action))
        #expect(ended.status == 4)
        #expect(ended.errors.contains("filtered (SIGSYS)"))
        #expect(ended.errors.contains("--without-call shows the bug"))
        #expect(!ended.errors.contains(Self.advice))
    }
}
