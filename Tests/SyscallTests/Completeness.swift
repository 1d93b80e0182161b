// SPDX-License-Identifier: MIT

import Glibc
import RobustFutexChecks
import Testing

/// Nothing in the catalogue goes without a test, and no test stands in the wrong suite.
@Suite(.timeLimit(.minutes(5)))
struct Completeness {
    @Test func everyCheckHasItsTestInTheSuiteOfItsKind() throws {
        let listed = Set(try listTests().filter { $0.hasPrefix("SyscallTests.") })
        let expected = Set(Check.all.map { "SyscallTests.\(suite(of: $0))/\($0.name)()" })
        let others = listed.filter { $0.hasPrefix("SyscallTests.Completeness/") }
        #expect(expected.subtracting(listed).sorted() == [], "checks without a test")
        #expect(listed.subtracting(expected).subtracting(others).sorted() == [], "tests without a check")
    }

    /// Suites are named after groups, but for those that say on which kernels they run.
    private func suite(of check: Check) -> String {
        switch check.requirement {
        case .syscall: check.group.rawValue
        case .anyKernel: "AnyKernel"
        case .withoutSyscall: "WithoutSyscall"
        }
    }

    /// Swift Testing does not tell a test about the others; the running bundle lists them when it is asked.
    private func listTests() throws -> [String] {
        let listing = try #require(
            popen("/proc/\(getpid())/exe --testing-library swift-testing --list-tests", "r"))
        var lines: [String] = []
        var buffer = [CChar](repeating: 0, count: 4096)
        while fgets(&buffer, Int32(buffer.count), listing) != nil {
            let bytes = buffer.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "\n")) }
            lines.append(String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        #expect(pclose(listing) == 0, "the bundle could not list its tests")
        return lines
    }
}
