// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import Testing

/// The report of `race --json`, which other programs read.
@Suite struct ReportTests {
    /// Written by this version of the schema; a change that does not read it any more needs a new version.
    @Test func readsTheGoldenReport() throws {
        let url = try #require(Bundle.module.url(forResource: "Golden/report-1", withExtension: "json"))
        let data = try Data(contentsOf: url)
        let report = try JSONDecoder().decode(RaceReport.self, from: data)
        #expect(report.schema == .init(name: "robust-list-check race", version: 1))
        #expect(report.schema == .current)
        #expect(report.kernel.futexRobustUnlock == false)
        #expect(report.libraries.map(\.version) == ["2.36"])
        #expect(
            report.cells.map(\.summary) == [
                "corrupted 1 of 2",
                "cannot run: kernel has no cleanup_robust_list: absent",
            ])
        #expect(report.cells[0].records.map(\.inWindow) == [false, true])
        #expect(report.cells[0].records.map(\.outcome) == [.held, .corrupted])

        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        #expect(try encoder.encode(report) + Data("\n".utf8) == data)
    }

    @Test func everyScenarioHasAnIdentifierOfItsOwn() {
        #expect(Set(Scenario.all.map(\.identifier)).count == Scenario.all.count)
        #expect(
            Scenario(.singleStep, .glibc64, .plain, .shared, .sigkill, .legacy).identifier
                == "single-step/glibc64/plain/shared/sigkill/legacy")
    }

    @Test(arguments: Scenario.Unlocker.allCases)
    func everyStandardSceneIsThereWithBothDestroyers(unlocker: Scenario.Unlocker) {
        let scenarios = Scenario.standard(of: unlocker)
        #expect(scenarios.allSatisfy { $0.unlocker == unlocker })
        let legacy = scenarios.filter { $0.destroyer == .legacy }
        let mirrored = legacy.map { scenario in
            var other = scenario
            other.destroyer = .cleanup
            return other
        }
        #expect(Set(scenarios) == Set(legacy + mirrored))
        // All that there is of a kind is there at least once.
        #expect(Set(scenarios.map(\.technique)) == Set(Scenario.Technique.allCases))
        guard unlocker != .keptWaiters else {
            #expect(scenarios.allSatisfy { $0.variant == .contended }, "its unlock is special only then")
            return
        }
        #expect(
            Set(scenarios.map(\.variant))
                == [.plain, .contended, .priorityInheritance, .priorityInheritanceContended])
        #expect(Set(scenarios.map(\.memory)) == [.shared, .file, .remapped])
        #expect(Set(scenarios.map(\.killer)) == Set(Scenario.Killer.allCases))
    }

    @Test func standardScenariosAreThereForWhoeverMakesTheCall() {
        func scenes(_ unlocker: Scenario.Unlocker, _ destroyer: Scenario.Destroyer) -> Set<Scenario> {
            Set(
                Scenario.all(of: unlocker).filter { $0.destroyer == destroyer }.map { scenario in
                    var other = scenario
                    other.destroyer = .legacy
                    return other
                })
        }
        for (unlocker, destroyer) in [
            (Scenario.Unlocker.glibc64, Scenario.Destroyer.patchedLibrary), (.glibc64, .preload),
            (.musl, .patchedLibrary),
        ] {
            #expect(scenes(unlocker, destroyer) == scenes(unlocker, .legacy))
        }
        #expect(
            Scenario.all.filter { $0.destroyer == .preloadUnmap }.map(\.identifier)
                == ["single-step/glibc64/plain/remapped/sigkill/preload-unmap"])
        let within = Scenario.all.filter(\.destroyer.isLeftToLibrary)
        #expect(Set(within.map(\.unlocker)) == [.glibc64, .musl])
        #expect(Scenario.standard.allSatisfy { !$0.destroyer.isLeftToLibrary && $0.variant.isRobust })
        #expect(
            Scenario.all.filter { $0.memory == .boost }.map(\.destroyer)
                == [.legacy, .patchedLibrary, .preload])
        #expect(Set(Scenario.all).isSuperset(of: Scenario.standard))
        #expect(Set(Scenario.all.map(\.variant)) == Set(Scenario.Variant.allCases))
        // Others do not keep such a lock in the robust list, and have no pending operation on it.
        #expect(Set(Scenario.all.filter { !$0.variant.isRobust }.map(\.unlocker)) == [.musl])
    }

    @Test func aCellSaysWhatBecameOfIt() {
        func cell(_ verdict: Cell.Verdict, _ reason: String? = nil, waits: Int = 0) -> String {
            Cell(
                scenario: Scenario.all[0], verdict: verdict, reason: reason, boundaries: 55, inWindow: 3,
                tried: 55, corrupted: 3, waits: waits
            ).summary
        }
        #expect(cell(.corrupted) == "corrupted 3 of 55")
        #expect(cell(.intact) == "intact 55 of 55")
        #expect(cell(.intact, waits: 11) == "intact 55 of 55 (destroy waits at 11)")
        #expect(cell(.cannotRun, "no root") == "cannot run: no root")
        #expect(cell(.broken, "it hung") == "broken: it hung")
    }
}
