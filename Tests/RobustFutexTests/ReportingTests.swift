// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import RobustFutex
@testable import RobustFutexChecks

struct CheckTests {
    @Test func namesEachCheckOnceAndAsAFunction() throws {
        let names = Check.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names { #expect(name.wholeMatch(of: /[a-z][A-Za-z0-9]+/) != nil, "\(name)") }
    }

    @Test func claimsSomethingWithEveryCheckAndHasChecksInEveryGroup() {
        for check in Check.all { #expect(check.claim.split(separator: " ").count > 5, "\(check.name)") }
        let groups = Set(Check.all.map(\.group))
        #expect(groups == Set(Check.Group.allCases).subtracting([.specimens]))
    }

    @Test func saysWhichFeatureIsLackedTheWayTheHarnessReadsIt() {
        for feature in Feature.allCases {
            guard let reason = feature.reasonMissing() else { continue }
            #expect(reason.hasPrefix("lacks \(feature.rawValue): "), "\(reason)")
        }
    }

    @Test func appliesToAKernelByWhatIsDetectedThere() {
        let present = SyscallDetection(verdict: .available, evidence: [])
        let absent = SyscallDetection(verdict: .absent, evidence: ["seen"])
        let taken = SyscallDetection(verdict: .numberTakenBySomethingElse, evidence: [])
        #expect(Check.Requirement.syscall.reasonToSkip(present) == nil)
        #expect(Check.Requirement.syscall.reasonToSkip(absent)?.contains("seen") == true)
        #expect(Check.Requirement.syscall.reasonToSkip(taken) != nil)
        let faulty = SyscallDetection(verdict: .misbehaves, evidence: [])
        #expect(Check.Requirement.syscall.reasonToSkip(faulty) == nil)
        #expect(Check.Requirement.withoutSyscall.reasonToSkip(faulty) != nil)
        #expect(Check.Requirement.withoutSyscall.reasonToSkip(present) != nil)
        #expect(Check.Requirement.withoutSyscall.reasonToSkip(absent) == nil)
        let refused = SyscallDetection(verdict: .blocked(.notPermitted), evidence: [])
        #expect(Check.Requirement.syscall.reasonToSkip(refused)?.contains("boot a patched one") == false)
        #expect(Check.Requirement.withoutSyscall.reasonToSkip(refused) == nil)
        for verdict in [
            .numberTakenBySomethingElse, .fatal, .undetermined, .blocked(Errno(rawValue: 0)),
        ] as [SyscallDetection.Verdict] {
            let detection = SyscallDetection(verdict: verdict, evidence: ["seen"])
            #expect(Check.Requirement.syscall.reasonToSkip(detection)?.contains("seen") == true)
            #expect(Check.Requirement.withoutSyscall.reasonToSkip(detection)?.contains("seen") == true)
        }
        #expect(Check.Requirement.anyKernel.reasonToSkip(present) == nil)
        #expect(Check.Requirement.anyKernel.reasonToSkip(absent) == nil)
    }
}

struct CheckFilterTests {
    @Test func choosesAllWithoutPattern() throws {
        #expect(try CheckFilter([]).choose().count == Check.all.count)
    }

    @Test func matchesAnywhereInGroupAndName() throws {
        func chosen(_ patterns: String...) throws -> [String] {
            try CheckFilter(patterns).choose().map(\.path)
        }
        func all(_ isWanted: (Check) -> Bool) -> [String] { Check.all.filter(isWanted).map(\.path) }
        let race = all { $0.group == .race }
        #expect(try !race.isEmpty && chosen("^Race/") == race)
        #expect(
            try chosen("leaves.*PrivateFlag$")
                == [
                    "Siblings/leavesSiblingsWithPrivateFlag",
                    "Siblings/leavesOtherMappingOfCallerWithPrivateFlag",
                ])
        #expect(try chosen("^Siblings$").isEmpty)
        #expect(try chosen("^siblings/").isEmpty)
        #expect(
            try chosen("^Race/corrupts", "^WakeDuty/")
                == all { ($0.group == .race && $0.name.hasPrefix("corrupts")) || $0.group == .wakeDuty })
    }

    @Test func refusesWhatIsNoRegularExpression() {
        #expect(throws: (any Error).self) { try CheckFilter(["("]) }
    }
}

struct KTAPTests {
    @Test(
        arguments: [
            (.passed, "ok 3 Group/name"),
            (
                .failed("expected 1\nobserved 2"),
                "# Group/name: expected 1\n# observed 2\nnot ok 3 Group/name"
            ),
            (.broken("no\npeer"), "not ok 3 Group/name # ERROR no peer"),
            (.timedOut("a reply"), "not ok 3 Group/name # TIMEOUT a reply"),
            (.skipped("no syscall"), "ok 3 Group/name # SKIP no syscall"),
        ] as [(CheckResult, String)])
    func formatsResult(outcome: CheckResult, line: String) {
        #expect(KTAPLines.result(3, "Group/name", outcome) == line)
    }

    @Test func keepsDirectiveMarkOutOfNames() {
        #expect(KTAPLines.result(1, "a # SKIP b", .passed) == "ok 1 a  SKIP b")
    }

    @Test func plansBeforeItRuns() {
        #expect(KTAPLines.header(count: 48) == "KTAP version 1\n1..48")
    }
}

struct TotalsTests {
    @Test(
        arguments: [
            ([.passed, .skipped("")], true), ([.skipped("")], false), ([], false),
            ([.passed, .failed("")], false),
            ([.passed, .broken("")], false), ([.passed, .timedOut("")], false),
        ] as [([CheckResult], Bool)])
    func succeedsOnlyWhenSomethingRanAndAllThatRanPassed(outcomes: [CheckResult], isSuccess: Bool) {
        #expect(Totals(outcomes).isSuccess == isSuccess)
    }

    @Test func doesNotCountSkippedAsPassed() {
        let totals = Totals([.passed, .skipped(""), .skipped(""), .broken("")])
        #expect(totals.passed == 1)
        #expect(totals.skipped == 2)
        #expect(totals.broken == 1)
    }
}
