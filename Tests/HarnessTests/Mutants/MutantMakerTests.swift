// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct MutantMakerTests {
    private static let source = """
        #include "futex.h"

        struct pair { int a; int b; };

        /* if (this) is a comment; */
        static int pick(struct pair *p,
        		int limit)
        {
        	struct pair *next = p + 1;
        	int count = 0;
        	bool small = limit < 8 && p, *other;

        	guard(rcu)();
        	scoped_guard(raw_spinlock_irq, &p->lock) {
        		count = 1;
        	}
        	lockdep_assert_held(&lock);
        	/* Not code: count++; */
        	for (int i = 0; i < limit; i++) {
        		if (p->a == 3 && next)
        			continue;
        		count += p->b;
        	}
        	for_each_thread(p, next) {
        		if (!next)
        			break;
        	}
        	while (count > 9)
        		count--;
        	return count <= limit ? count : -ENOMEM;
        }

        """

    @Test func thoseThatReadAlikeAreToldApart() {
        let source = """
            static void twice(int a)
            {
            	if (a)
            		drop(a);
            	drop(a);
            }

            """
        let left = MutantMaker(source).mutants.filter { $0.original == "drop(a);" && $0.replacement.isEmpty }
        #expect(left.map(\.identity) == ["twice: drop(a); -> ", "twice: drop(a); ->  (2)"])
        #expect(left.last?.description == "5  twice: drop(a); -> nothing (2)")
    }

    @Test func placesAreWhereCodeCanBeChanged() {
        let reader = CodeReader(Self.source)
        let found = reader.places.map { "\($0.kind): \(reader.text(of: $0.range))" }
        #expect(
            found == [
                "value: p + 1", "value: 0", "condition: limit < 8 && p", "lock: guard(rcu)();",
                "lock: scoped_guard(raw_spinlock_irq, &p->lock) {", "statement: count = 1;",
                "loop: i < limit", "condition: p->a == 3 && next", "jump: continue;",
                "statement: count += p->b;", "condition: !next", "jump: break;", "loop: count > 9",
                "statement: count--;", "value: count <= limit ? count : -ENOMEM",
            ])
        #expect(reader.places.allSatisfy { $0.function == "pick" })
    }

    @Test(
        arguments: [
            (
                "a == 1 && b", .condition,
                ["!(a == 1 && b)", "1", "0", "a != 1 && b", "a == 2 && b", "a == 0 && b", "a == 1 || b"]
            ),
            ("false", .condition, ["true"]),
            ("i < n", .loop, ["0", "i <= n"]),
            ("i >= n", .loop, ["0", "i > n"]),
            ("f(x, 2);", .statement, ["", "f(x, 3);", "f(x, 1);"]),
            ("break;", .jump, [""]),
            ("-EINTR", .value, ["0"]),
            ("ret", .value, []),
            ("0", .value, ["1"]),
            ("p->u32 = 8 * u64_max;", .statement, ["", "p->u32 = 9 * u64_max;", "p->u32 = 7 * u64_max;"]),
            (
                "t->state == FUTEX_STATE_OK & ~VM_IO", .value,
                [
                    "t->state != FUTEX_STATE_OK & ~VM_IO", "t->state == 1 & ~VM_IO",
                    "t->state == FUTEX_STATE_OK | ~VM_IO", "t->state == FUTEX_STATE_OK & ~0",
                ]
            ),
            ("IS_ENABLED(CONFIG_COMPAT) ? NULL : a", .value, []),
            ("guard(rcu)();", .lock, [""]),
            ("nr++ /* 1 < 2 */;", .statement, ["", "nr-- /* 1 < 2 */;"]),
        ] as [(String, CodeReader.Place.Kind, [String])])
    func everyChangeIsMadeOnce(_ code: String, _ kind: CodeReader.Place.Kind, _ expected: [String]) {
        #expect(MutantMaker.replacements(of: code, kind) == expected)
    }

    /// The file with all mutants is C, and its numbers select what the list says: compiled here, with the kernel's part of
    /// the selection replaced.
    @Test(.timeLimit(.minutes(2))) func numberSelectsTheMutant() async throws {
        let source = """
            #include "futex.h"

            static int sum(int limit)
            {
            	int total = 0;

            	for (int i = 0; i < limit; i++) {
            		if (i == 2)
            			continue;
            		total += i;
            	}
            	return total;
            }

            """
        let maker = MutantMaker(source)
        let code = try #require(maker.text.components(separatedBy: "raw_spinlock_t *lock)\n\n").last)
        let program = """
            #include <stdio.h>
            #include <stdlib.h>
            static int cleanup_mutant;
            #define cleanup_is_mutant(number) (cleanup_mutant == (number))
            \(code)
            int main(void)
            {
            	for (cleanup_mutant = 0; cleanup_mutant <= \(maker.mutants.count); cleanup_mutant++)
            		printf("%d ", sum(5));
            }

            """
        try await withTemporaryDirectory { directory in
            let file = directory.appending("mutants.c")
            try Files.write(Data(program.utf8), to: file)
            let binary = directory.appending("mutants").string
            _ = try await Tool("gcc", ["-o", binary, file.string]).output()
            let sums = try await Tool(binary, []).output().split(separator: " ").map(String.init)
            let said = zip(maker.mutants.map { "\($0.original) -> \($0.replacement)" }, sums.dropFirst())
                .map { "\($0): \($1)" }
            #expect(sums[0] == "8")
            #expect(
                said == [
                    "0 -> 1: 9", "i < limit -> 0: 0", "i < limit -> i <= limit: 13", "i == 2 -> !(i == 2): 2",
                    "i == 2 -> 1: 0", "i == 2 -> 0: 10", "i == 2 -> i != 2: 2", "i == 2 -> i == 3: 7",
                    "i == 2 -> i == 1: 9",
                    "continue; -> : 10", "total += i; -> : 0",
                ])
        }
    }
}

@Suite struct MutantReportTests {
    private func finding(_ number: Int, _ verdict: MutantReport.Finding.Verdict) -> MutantReport.Finding {
        let mutant = Mutant(
            number: number, line: 10 * number, function: "f", original: "a < b", replacement: "a <= b")
        return .init(mutant: mutant, verdict: verdict, reason: "why")
    }

    private func report(
        _ verdicts: [MutantReport.Finding.Verdict], stale: [String] = []
    ) -> MutantReport {
        MutantReport(
            release: "7.3", seconds: 1,
            findings: verdicts.enumerated().map { finding($0.offset + 1, $0.element) }, stale: stale)
    }

    @Test func onlyKilledAndExplainedMutantsAreGood() {
        #expect(report([.killed, .equivalent]).isGood)
        #expect(!report([.killed, .survived]).isGood)
        #expect(!report([.killed, .unreached]).isGood)
        #expect(!report([.killed], stale: ["f: x -> y"]).isGood)
        #expect(!report([]).isGood)
    }

    @Test func thoseThatAreLeftAreNamed() {
        let lines = report([.killed, .survived], stale: ["f: x -> y"]).lines
        #expect(lines[0] == "SURVIVED  20  f: a < b -> a <= b")
        #expect(lines[1].contains("f: x -> y"))
        #expect(lines.last == "2 mutants: 1 killed, 1 survived, 0 unreached, 0 equivalent")
    }

    @Test func listExplainsSurvivorsAndNothingElse() {
        let findings = [finding(1, .killed), finding(2, .survived)]
        let known = [EquivalentMutant(mutant: "f: a < b -> a <= b", reason: "never equal")]
        func report(_ findings: [MutantReport.Finding], isWhole: Bool = true) -> MutantReport {
            MutantReport(
                release: "7.3", seconds: 1, findings: findings, known: known, isWhole: isWhole, place: nil)
        }
        #expect(report(findings).isGood)
        #expect(report(findings).findings[1].reason == "never equal")
        #expect(report([findings[0]]).stale == ["f: a < b -> a <= b"])
        #expect(report([findings[0]], isWhole: false).isGood)
    }

    @Test func shardsMakeUpTheWhole() async throws {
        let mutants = (1...5).map { finding($0, .killed).mutant }
        let parts = try ["1/2", "2/2"].map { try Mutant.part(of: mutants, Shard($0), kernel: "k") }
        #expect(parts.flatMap(\.mutants) == mutants)
        try await withTemporaryDirectory { directory in
            let files = try parts.enumerated().map { index, part in
                let report = MutantReport(
                    release: "7.3", seconds: 1, findings: part.mutants.map { finding($0.number, .survived) },
                    known: [], isWhole: false, place: part.place)
                let file = directory.appending("\(index).json")
                try Files.write(json: report, to: file)
                return file
            }
            let known = [EquivalentMutant(mutant: "f: a < b -> a <= b", reason: "never equal")]
            let merged = try MutantReport.merged(files.reversed(), known: known)
            #expect(merged.findings.map(\.mutant.number) == [1, 2, 3, 4, 5])
            #expect(merged.isGood && merged.place == nil)
            #expect(throws: HarnessError.self) { try MutantReport.merged([files[0]], known: known) }
        }
    }

    @Test func bitsTellWhatWasReached() throws {
        let reach = try #require(MutantRun.Reach("Heads/x passed 12 0281"))
        #expect(reach.check == "Heads/x" && reach.milliseconds == 12)
        #expect((0..<24).filter(reach.reaches) == [1, 8, 15])
        #expect(MutantRun.Reach("done") == nil)
    }
}
