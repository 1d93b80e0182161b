// SPDX-License-Identifier: MIT

import ArgumentParser
import SystemPackage

@main
struct RobustListCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "robust-list-check",
        abstract: "Test this kernel against the contract of cleanup_robust_list(2).",
        discussion: """
            Runs on any x86-64 Linux as any user. As root, some checks also mount file systems, add swap and \
            reserve huge pages, and undo that when they end; nothing else outside of its own processes is touched. \
            If /proc/kallsyms is readable, it is used to name the system call.
            """,
        subcommands: [
            Probe.self, Run.self, RaceCommand.self, BenchCommand.self, CallersCommand.self, Stress.self,
            Explore.self, Faults.self,
            VictimsCommand.self,
            PeerCommand.self, AfterExecCommand.self, StressWorkerCommand.self, MutantsCommand.self,
        ])
}

/// Exit statuses besides 0 and those of the argument parser (64: usage).
enum Status {
    /// A check failed, was broken, or ran out of time.
    static let failure = ExitCode(1)
    /// Every check chosen was skipped: that is not success (KSFT_SKIP of the kernel's selftests).
    static let allSkipped = ExitCode(4)
    /// The filter chose nothing (EX_UNAVAILABLE of sysexits.h, as test runners of Swift use it).
    static let nothingChosen = ExitCode(69)
    /// A file could not be written (EX_CANTCREAT of sysexits.h).
    static let cannotCreate = ExitCode(73)
}

/// One line on standard error, under the command's name.
func complain(_ message: String) {
    // If standard error cannot be written either, only the exit status can tell.
    _ = try? FileDescriptor.standardError.writeAll("robust-list-check: \(message)\n".utf8)
}
