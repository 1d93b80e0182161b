// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

struct LintPlanTests {
    private let plan: LintPlan

    init() throws {
        let repository = try Repository.containing(FilePath(#filePath))
        plan = try LintPlan(contentsOf: repository.root.appending("kernel-patch/check.json"))
    }

    @Test(arguments: [
        ("x86_64", "FUTEX=y", "IA32_EMULATION=y"), ("x86_64", "FUTEX=n", "64BIT=y"),
        ("i386", "FUTEX=y", "64BIT=n"), ("i386", "FUTEX=n", "64BIT=n"),
        ("riscv", "FUTEX=y", "MMU=n"), ("riscv", "FUTEX=n", "MMU=n"), ("arm64", "FUTEX=y", "COMPAT=y"),
        ("riscv", "FUTEX=y", "COMPAT=y"), ("s390", "FUTEX=y", "FUTEX=y"),
    ])
    func buildsWhatASeriesIsAskedFor(architecture: String, option: String, other: String) {
        #expect(
            plan.configurations.contains {
                $0.kind == .kernel && $0.architecture == architecture && $0.options.contains(option)
                    && $0.options.contains(other) && !$0.targets.isEmpty
            })
    }

    @Test func turnsOptionsOnAndOff() throws {
        let off = try #require(plan.configurations.first { $0.options.contains("FUTEX=n") })
        let config = try off.config
        #expect(config.requested.contains("# CONFIG_FUTEX is not set"))
        #expect(config.missing(from: "CONFIG_FUTEX=y\n").contains("# CONFIG_FUTEX is not set"))
    }

    @Test func acceptsWithAReasonWhatItNamesAndNothingElse() throws {
        let inTest = "tools/testing/selftests/futex/a.c:3: WARNING:ENOSYS: ENOSYS means 'invalid syscall nr'"
        let inKernel = "kernel/futex/a.c:3: WARNING:ENOSYS: ENOSYS means 'invalid syscall nr'"
        let (counted, accepted) = try plan.judge([inTest, inKernel], of: "checkpatch")
        #expect(counted == [inKernel])
        #expect(accepted.count == 1 && accepted[0].contains("expects false positives"))
        #expect(try plan.judge([inTest], of: "codespell").counted == [inTest])
        #expect(plan.accepted.allSatisfy { !$0.reason.isEmpty })
    }

    @Test(arguments: [
        "{}", "not JSON",
        #"{"configurations": [], "accepted": [{"check": "a", "pattern": "(", "reason": "b"}]}"#,
    ])
    func refusesABrokenPlanByName(text: String) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("check.json")
            try write(text, to: file)
            let error = #expect(throws: HarnessError.self) { try LintPlan(contentsOf: file) }
            #expect(try #require(error).description.contains(file.string))
        }
    }
}
