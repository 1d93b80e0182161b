// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct FeaturePatchesTests {
    private let features = FeaturePatches(
        from: "wire up",
        steps: [
            .init(feature: .sharedMemory, patch: "share", selftestSkips: "not shared"),
            .init(feature: .faultedHeads, patch: "fault"),
        ])

    /// A series of patches with these subjects, each of which changes a file.
    private func series(_ patches: [(subject: String, file: String)]) async throws -> PatchSeries {
        try await withTemporaryDirectory { directory in
            for (index, patch) in patches.enumerated() {
                try write(
                    "Subject: [PATCH \(index + 1)/9] \(patch.subject)\n\ndiff --git a/\(patch.file) b/\(patch.file)\n",
                    to: directory.appending("000\(index + 1)-x.patch"))
            }
            return try PatchSeries(directory: directory)
        }
    }

    private let whole = [
        ("add", "kernel/a.c"), ("wire up", "arch/t.tbl"), ("copy", "tools/t.tbl"), ("share", "kernel/a.c"),
        ("fault", "kernel/a.c"), ("describe", "Documentation/a.rst"),
    ]

    @Test func eachStageLacksWhatLaterPatchesBring() async throws {
        let stages = try features.stages(of: try await series(whole))
        #expect(stages.map(\.length) == [2, 3, 4, 5, 6])
        #expect(stages.map(\.subject) == ["wire up", "copy", "share", "fault", "describe"])
        let all: [SeriesFeature] = [.sharedMemory, .faultedHeads]
        #expect(stages.map { $0.missing.map(\.feature) } == [all, all, [.faultedHeads], [], []])
    }

    @Test func patchOutsideTheKernelMakesNoOtherKernel() async throws {
        let stages = try features.stages(of: try await series(whole))
        #expect(stages.map(\.isSameKernel) == [false, true, false, false, true])
    }

    @Test func subjectOfNoPatchIsNamed() async throws {
        for missing in [1, 3] {
            var patches = whole
            patches.remove(at: missing)
            let series = try await series(patches)
            let error = #expect(throws: HarnessError.self) { try features.stages(of: series) }
            #expect(error?.description.contains("has the subject '\(whole[missing].0)'") == true)
        }
    }

    @Test func featureOfAPatchOutsideTheKernelIsRefused() async throws {
        var patches = whole
        patches[4].1 = "tools/a.c"
        let series = try await series(patches)
        let error = #expect(throws: HarnessError.self) { try features.stages(of: series) }
        #expect(error?.description == "'fault' brings faultedHeads and changes nothing of the kernel")
    }

    @Test func seriesInOneGoLacksNothingFromTheStart() async throws {
        let backport = try await series([("add", "kernel/a.c"), ("wire up", "arch/t.tbl")])
        let stages = try features.stages(of: backport)
        #expect(stages.map(\.missing) == [[]])
    }

    /// Checks that check.json fits the series that is there, and that every feature has its patch.
    @Test func featuresFitTheSeries() throws {
        let root = try Repository.containing(FilePath(#filePath)).root.appending("kernel-patch")
        let features = try LintPlan(contentsOf: root.appending("check.json")).features
        #expect(features.steps.map(\.feature) == SeriesFeature.allCases)
        let series = try PatchSeries(directory: root)
        let stages = try features.stages(of: series)
        #expect(stages.first?.missing.count == SeriesFeature.allCases.count)
        #expect(stages.last?.missing == [])
        #expect(stages.last?.length == series.patches.count)
    }
}
