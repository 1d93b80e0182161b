// SPDX-License-Identifier: MIT

import RaceReport
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct CellStoreTests {
    private let scenario = Samples.scenario()

    private func finished() throws -> FinishedCell {
        try Samples.finished(Samples.cell(scenario, corruptedAt: [4, 5, 6]))
    }

    @Test func finishedCellIsFoundAgainUntilItIsForgotten() async throws {
        try await withTemporaryDirectory { directory in
            let store = CellStore(in: directory, kernel: Samples.stock, image: "image", quick: false)
            #expect(store.cell(of: scenario) == nil)
            try store.keep(finished())
            #expect(try store.cell(of: scenario) == finished())
            #expect(store.cell(of: Samples.scenario(.musl)) == nil)
            try store.forget(scenario)
            #expect(store.cell(of: scenario) == nil)
        }
    }

    @Test func changedKernelImageOrExtentHasNothingFinished() async throws {
        try await withTemporaryDirectory { directory in
            try CellStore(in: directory, kernel: Samples.stock, image: "image", quick: false).keep(finished())
            var rebuilt = Samples.stock
            rebuilt.imageDigest = "another"
            for other in [
                CellStore(in: directory, kernel: rebuilt, image: "image", quick: false),
                CellStore(in: directory, kernel: Samples.stock, image: "another", quick: false),
                CellStore(in: directory, kernel: Samples.stock, image: "image", quick: true),
                CellStore(in: directory, kernel: Samples.patched, image: "image", quick: false),
            ] {
                #expect(other.cell(of: scenario) == nil)
            }
        }
    }

    @Test func fileThatIsNoCellCountsAsNotFinished() async throws {
        try await withTemporaryDirectory { directory in
            let store = CellStore(in: directory, kernel: Samples.stock, image: "image", quick: false)
            try write("{", to: store.path(of: scenario))
            #expect(store.cell(of: scenario) == nil)
            try Files.write(
                json: Samples.finished(Samples.cell(Samples.scenario(.musl), corruptedAt: [])),
                to: store.path(of: scenario))
            #expect(store.cell(of: scenario) == nil)
        }
    }

    @Test func reportOfAnotherFormOrScenarioIsRefused() throws {
        let cell = Samples.cell(scenario, corruptedAt: [4])
        for report in [
            Samples.report([cell], schema: .init(name: "robust-list-check race", version: 99)),
            Samples.report([]), Samples.report([cell, cell]),
            Samples.report([Samples.cell(Samples.scenario(.musl), corruptedAt: [])]),
        ] {
            #expect(throws: HarnessError.self) {
                try FinishedCell(report, of: scenario, accelerator: .tcg, run: "")
            }
        }
    }

    @Test func sequenceIsCutAtItsSeparators() {
        var whole = TextSequence()
        let bytes = Array("\u{1e}{\"a\":1}\n\u{1e}{\n}\n\u{1e}\u{1e}{".utf8)
        #expect(whole.append(bytes).map { String(decoding: $0, as: UTF8.self) } == ["{\"a\":1}\n", "{\n}\n"])
        var pieces = TextSequence()
        #expect(bytes.flatMap { pieces.append([$0]) } == [Array("{\"a\":1}\n".utf8), Array("{\n}\n".utf8)])
        #expect(pieces.append(Array("}\u{1e}".utf8)) == [Array("{}".utf8)])
    }
}
