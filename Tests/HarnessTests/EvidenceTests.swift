// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct EvidenceTests {
    private static func record(
        _ subject: EvidenceRecord.Subject, kernel: String? = nil, _ figures: String, isGood: Bool = true
    ) -> EvidenceRecord {
        EvidenceRecord(
            subject, kernel: kernel, figures: figures, command: "a command", series: "now", isGood: isGood)
    }

    private static func table(_ records: [EvidenceRecord], before: [String] = []) -> EvidenceTable {
        EvidenceTable(records, before: before.map { $0[...] }, series: ["now", "0123beef"])
    }

    /// A good record of each line that the table has to have.
    private static let all = EvidenceRecord.Subject.allCases.flatMap { subject in
        EvidenceTable.kernels[subject].map { $0.map { record(subject, kernel: $0, "good") } }
            ?? [record(subject, "good")]
    }

    /// The last run of a subject on a kernel counts; other kernels have a record of their own.
    @Test func lastRunCounts() async throws {
        try await withTemporaryDirectory { root in
            let store = EvidenceStore(in: Repository(root: root))
            #expect(try store.records() == [])
            let records = [
                Self.record(.worlds, kernel: "patched", "one"),
                Self.record(.worlds, kernel: "patched", "two"),
                Self.record(.worlds, kernel: "patched-debug", "three"), Self.record(.mutants, "four"),
            ]
            for record in records { try store.keep(record) }
            #expect(Set(try store.records().map(\.figures)) == ["two", "three", "four"])
        }
    }

    /// The complaint about a run that failed has the output behind it.
    @Test func figuresOfFailedRunAreOneLineOfTheTable() {
        let record = Self.record(.stress, "BUG: KCSAN: data-race\n1 s: 5 unlocks\n", isGood: false)
        #expect(record.figures == "BUG: KCSAN: data-race")
    }

    @Test func fileThatIsNoRecordIsNamed() async throws {
        try await withTemporaryDirectory { root in
            let repository = Repository(root: root)
            let file = repository.build.pushing("evidence/stress.json")
            try Files.write(Data("{}".utf8), to: file)
            let error = #expect(throws: HarnessError.self) {
                try EvidenceStore(in: repository).records()
            }
            #expect(error?.description.contains(file.string) == true)
        }
    }

    @Test func tableHasAllAndSaysWhatWasNotRun() {
        let some = Self.table([
            Self.record(.worlds, kernel: "patched", "7 worlds"),
            Self.record(.models, "3 failed", isGood: false),
        ])
        #expect(!some.isGood)
        #expect(some.lines[2].hasPrefix("| models | **failed**: 3 failed | `a command` |"))
        #expect(some.lines[3] == "| mutations | not run | | | |")
        #expect(some.lines[6].hasPrefix("| random worlds on `patched` | 7 worlds |"))
        #expect(Self.table(Self.all).isGood)
        #expect(!Self.table(Array(Self.all.dropFirst())).isGood)
        #expect(!Self.table(Self.all.filter { $0.kernel != "patched-rt" }).isGood)
        #expect(!Self.table(Self.all + [Self.record(.worlds, kernel: "patched", "no", isGood: false)]).isGood)
        var old = Self.all
        old[0].series = "then"
        #expect(!Self.table(old).isGood)
    }

    @Test func faultsAreAddedUp() {
        let lines = [
            "one sharer: 6 failures, ENOMEM in 0", "many sharers: 46 failures, ENOMEM in 3",
            "memory that nothing points to: none allocated by a call", "3 passed, 0 failed, 0 not checked",
        ]
        #expect(
            EvidenceRun.sums(of: lines)
                == "52 failures in 2 scenarios, ENOMEM in 3; 3 passed, 0 failed, 0 not checked")
        // A run that failed says so in one line.
        #expect(EvidenceRun.sums(of: ["the guest died"]).hasSuffix("; the guest died"))
    }

    @Test func tableReplacesTheOneThatIsThere() async throws {
        try await withTemporaryDirectory { root in
            let marks = (
                "<!-- written by kernel-patch/evidence --update -->", "<!-- end of what it writes -->"
            )
            let page = root.appending("a.md")
            try Files.write(Data("before\n\(marks.0)\nold\n\(marks.1)\nafter\n".utf8), to: page)
            let table = try EvidenceTable([Self.record(.stress, "quiet")], page: page, series: [])
            try table.place(in: page)
            let text = String(decoding: try Files.read(page), as: UTF8.self)
            #expect(text.hasPrefix("before\n\(marks.0)\n\n| what |"))
            #expect(text.hasSuffix("\n\n\(marks.1)\nafter\n"))
            #expect(!text.contains("old"))
            #expect(try EvidenceTable([], page: page, series: []).lines == table.lines)
            try Files.write(Data("no marks".utf8), to: page)
            #expect(throws: HarnessError.self) { try EvidenceTable([], page: page, series: []) }
        }
    }

    /// A machine that has run only some of it shows, and judges, what others have run as well.
    @Test func tableKeepsWhatAnotherMachineHasRun() {
        let there = Self.table([
            Self.record(.stress, kernel: "patched-rt", "quiet"), Self.record(.stress, "loud"),
            Self.record(.guidedWorlds, "many | lines"),
        ])
        let lines = Self.table(
            [Self.record(.stress, "quiet"), Self.record(.stress, kernel: "patched-6.1", "new")],
            before: there.lines
        ).lines
        #expect(
            lines.filter { $0.contains("stress") && !$0.contains("not run") }.map {
                $0.split(separator: " | ")[0]
            } == [
                "| stress", "| stress on `patched-6.1`", "| stress on `patched-rt`",
            ])
        #expect(!lines.contains { $0.contains("loud") })
        #expect(lines.contains { $0.hasPrefix("| random worlds guided by coverage | many | lines |") })
        #expect(lines.contains("| random worlds on `patched-debug` | not run | | | |"))
        #expect(lines.contains("| models | not run | | | |"))
    }

    @Test func linesOfAnotherMachineAreJudged() {
        let lines = Self.table(Self.all).lines
        #expect(Self.table([], before: lines).isGood)
        #expect(!Self.table([], before: lines.filter { !$0.contains("patched-rt") }).isGood)
        #expect(!Self.table([], before: lines.map { $0.replacing("`now`", with: "`then`") }).isGood)
        let failed = Self.record(.worlds, kernel: "stock", "no", isGood: false)
        let failing = Self.table(Self.all + [failed]).lines
        #expect(!Self.table([], before: failing).isGood)
        #expect(Self.table([Self.record(.worlds, kernel: "stock", "good")], before: failing).isGood)
    }
}
