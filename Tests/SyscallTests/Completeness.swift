// SPDX-License-Identifier: MIT

import Glibc
import RobustFutexChecks
import Subprocess
import SystemPackage
import Testing

/// No check goes without a test, and no test stands in the wrong suite.
@Suite(.timeLimit(.minutes(5)))
struct Completeness {
    @Test func everyCheckHasItsTestInTheSuiteOfItsKind() async throws {
        let listed = Set(try await listTests().filter { $0.hasPrefix("SyscallTests.") })
        let expected = Set(Check.all.map { "SyscallTests.\(suite(of: $0))/\($0.name)()" })
        let others = listed.filter { $0.hasPrefix("SyscallTests.Completeness/") }
        #expect(expected.subtracting(listed).sorted() == [], "checks without a test")
        #expect(listed.subtracting(expected).subtracting(others).sorted() == [], "tests without a check")
    }

    /// Suites are named after groups, but for those that say on which kernels they run.
    private func suite(of check: Check) -> String {
        switch check.requirement {
        case .syscall, .privateSyscall: check.group.rawValue
        case .anyKernel: "AnyKernel"
        case .withoutSyscall: "WithoutSyscall"
        }
    }

    /// Swift Testing does not tell a test about the others; the running bundle lists them when it is asked.
    private func listTests() async throws -> [String] {
        let listing = try await run(
            .path(FilePath("/proc/\(getpid())/exe")),
            arguments: ["--testing-library", "swift-testing", "--list-tests"],
            output: .string(limit: 1 << 20))
        try #require(listing.terminationStatus.isSuccess, "the bundle could not list its tests")
        return listing.standardOutput.split(separator: "\n").map(String.init)
    }
}
