// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// Every way a guest can end, through the command a user types.
extension WithGuests {
    @Suite struct GuestRunTests {
        /// The path of a log that a message names, which must be there and not empty.
        private func expectNamedLog(_ result: HarnessResult) throws {
            let match = try #require(result.error.firstMatch(of: /see (\S+console\.log)/))
            #expect(!(try Files.read(FilePath(String(match.1)))).isEmpty)
        }

        @Test func statusAndBothOutputsComeBack() async throws {
            let result = try await inGuest(["sh", "-c", "echo out; echo err >&2; exit 7"])
            #expect(result.status == 7)
            #expect(result.output == "out\n")
            #expect(result.error.split(separator: "\n").contains("err"))
            #expect(!result.error.contains("out\n"))
        }

        @Test func argumentsAndDirectoryArriveAsTheyAre() async throws {
            let directory = repository.root.appending("Tests")
            let result = try await inGuest(
                ["sh", "-c", #"printf '%s|' "$@"; pwd; uname -r"#, "sh", "a b", "", "'$x'", "ü,,"],
                directory: directory)
            #expect(result.status == 0)
            #expect(result.output.hasPrefix("a b||'$x'|ü,,|\(directory)\n"))
            #expect(result.output.hasSuffix("-stock\n"))
        }

        @Test func variablesArriveThroughEnvOnly() async throws {
            let result = try await harness(
                runOnStock + ["--", "env", "GIVEN=by env", "sh", "-c", #"echo "$INHERITED|$GIVEN""#],
                environment: ["INHERITED": "from the host"])
            #expect(result.output == "|by env\n")
        }

        @Test func checkoutIsWritableAndTheRestOfTheHostIsNot() async throws {
            let name = "written-by-guest-\(UUID().uuidString)"
            let file = repository.build.appending(name)
            let outside = FilePath("/var/tmp").appending(name)
            let result = try await inGuest([
                "sh", "-c", "echo hello > \(file); echo hello > \(outside) && cat \(outside)",
            ])
            #expect(result.status == 0)
            #expect(result.output == "hello\n")
            #expect(String(decoding: try Files.read(file), as: UTF8.self) == "hello\n")
            #expect(!Files.exists(outside))
            try Files.remove(file)
        }

        @Test func muchOutputArrivesWhole() async throws {
            let result = try await inGuest(["sh", "-c", "seq 1 300000"])
            #expect(result.status == 0)
            #expect(result.output == (1...300_000).map { "\($0)\n" }.joined())
        }

        @Test func signalIsToldAsAShellDoes() async throws {
            let result = try await inGuest(["sh", "-c", "kill -KILL $$"])
            #expect(result.status == 128 + SIGKILL)
            try expectNamedLog(result)
        }

        @Test(arguments: [("no-such-command", 127), ("/etc/passwd", 126)] as [(String, Int32)])
        func commandThatCannotRunIsNamed(_ command: String, _ status: Int32) async throws {
            let result = try await inGuest([command])
            #expect(result.status == status)
            #expect(result.error.contains("cannot run '\(command)' in the guest"))
            try expectNamedLog(result)
        }

        @Test(arguments: ["rdinit=/nonexistent", "rdinit=/bin/sh"])
        func guestThatNeverReachesInitIsToldApart(_ argument: String) async throws {
            // The first panics; the second is a shell that waits on the console for ever.
            let result = try await inGuest(
                ["true"], options: ["--kernel-argument", argument, "--boot-timeout", "15"])
            #expect(result.status == HarnessStatus.neverCameUp.rawValue)
            #expect(result.error.contains("the guest never came up"))
            #expect(result.seconds < 40)
            try expectNamedLog(result)
        }

        @Test func panicInMidRunIsAFault() async throws {
            let result = try await inGuest([
                "sh", "-c", "echo before; echo c > /proc/sysrq-trigger; sleep 1000",
            ])
            #expect(result.status == HarnessStatus.kernelFault.rawValue)
            #expect(result.output == "before\n")
            #expect(result.error.contains("Kernel panic - not syncing: sysrq triggered crash"))
            try expectNamedLog(result)
        }

        @Test func oopsIsAFault() async throws {
            let result = try await inGuest(
                ["sh", "-c", "echo BUG > /sys/kernel/debug/provoke-crash/DIRECT; sleep 1000"])
            #expect(result.status == HarnessStatus.kernelFault.rawValue)
            #expect(result.error.contains("kernel BUG at drivers/misc/lkdtm/"))
        }

        @Test func warningFailsARunWhoseCommandPasses() async throws {
            let result = try await inGuest(
                ["sh", "-c", "echo WARNING > /sys/kernel/debug/provoke-crash/DIRECT; echo fine"])
            #expect(result.output == "fine\n")
            #expect(result.status == HarnessStatus.kernelFault.rawValue)
            #expect(result.error.contains("'sh' ended with 0, but the kernel reported a fault: WARNING: "))
            try expectNamedLog(result)
        }

        @Test func commandThatHangsIsEnded() async throws {
            let result = try await inGuest(
                ["sh", "-c", "echo before; sleep 1000"], options: ["--timeout", "3"])
            #expect(result.status == HarnessStatus.timedOut.rawValue)
            #expect(result.output == "before\n")
            #expect(result.error.contains("'sh' did not end within 3 s; no task was blocked (line "))
            #expect(result.seconds < 60)
            try expectNamedLog(result)
        }

        /// vfork(2), number 58, blocks its caller until the child has ended.
        @Test func stacksOfBlockedTasksAreInTheLogOfATimeOut() async throws {
            let result = try await inGuest(
                ["perl", "-e", "if (syscall(58) == 0) { sleep 1000 }"], options: ["--timeout", "3"])
            #expect(result.status == HarnessStatus.timedOut.rawValue)
            let match = try #require(
                result.error.firstMatch(
                    of: /blocked tasks \(perl\) are in line (\d+) and below; see (\S+console\.log)/))
            let log = String(decoding: try Files.read(FilePath(String(match.2))), as: UTF8.self)
            let lines = log.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            let answer = lines.dropFirst(try #require(Int(match.1)) - 1)
            #expect(answer.first?.contains("sysrq: Show Blocked State") == true)
            #expect(answer.contains { $0.contains("__do_sys_vfork") })
        }

        /// A frozen init answers nobody, and nobody's children are reaped.
        @Test func stacksOfBlockedTasksAreInTheLogWhenInitDoesNotAnswer() async throws {
            let freeze = """
                group=/sys/fs/cgroup/frozen; mkdir $group; echo 1 >$group/cgroup.procs
                echo 1 >$group/cgroup.freeze
                perl -e 'if (syscall(58) == 0) { sleep 1000 }'
                """
            let result = try await inGuest(["sh", "-c", freeze], options: ["--timeout", "3"])
            #expect(result.status == HarnessStatus.timedOut.rawValue)
            #expect(result.error.contains("blocked tasks (perl) are in line "), "\(result.error)")
        }

        @Test func guestThatGoesAwayWithoutAWordIsNoSuccess() async throws {
            let result = try await inGuest(["sh", "-c", "echo b > /proc/sysrq-trigger; sleep 1000"])
            #expect(result.status == HarnessStatus.noReport.rawValue)
            try expectNamedLog(result)
        }

        @Test func twoRunsAtOnceDoNotMeet() async throws {
            async let first = inGuest(["sh", "-c", "echo one; exit 1"])
            async let second = inGuest(["sh", "-c", "echo two; exit 2"])
            let results = try await (first, second)
            #expect(results.0.status == 1)
            #expect(results.0.output == "one\n")
            #expect(results.1.status == 2)
            #expect(results.1.output == "two\n")
        }

        @Test func filterThatMatchesNoTestIsAnError() async throws {
            let result = try await harness(runOnStock + ["--filter", "noSuchTestAnywhere"])
            #expect(result.status == HarnessStatus.usage.rawValue)
            #expect(result.error.contains("no test of the suite matches --filter 'noSuchTestAnywhere'"))
        }
    }
}
