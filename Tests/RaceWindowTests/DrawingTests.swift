// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import RaceWindow
import Testing

/// The window as a picture.
@Suite struct DrawingTests {
    private func golden(_ name: String) throws -> [String] {
        let url = try #require(Bundle.module.url(forResource: "Golden/\(name)", withExtension: "txt"))
        return try String(contentsOf: url, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .dropLast().map(String.init)
    }

    private func boundary(
        _ index: Int, released: Bool, pending: Bool, _ outcome: Boundary.Outcome?, _ mnemonic: String? = nil
    ) -> Boundary {
        Boundary(
            index: index, location: index == 0 ? "pthread_mutex_unlock" : "libc.so.6+0x\(index)",
            mnemonic: mnemonic, word: released ? 0 : 4711, released: released, pending: pending,
            outcome: outcome)
    }

    private func cell(_ records: [Boundary]) -> Cell {
        Cell(scenario: Scenario.all[0], verdict: .corrupted, records: records)
    }

    @Test func framesTheWindowAndShortensWhatIsAlike() throws {
        let records =
            (0..<6).map { boundary($0, released: false, pending: false, .held, "nop") }
            + (6..<9).map { boundary($0, released: false, pending: true, .held) }
            + [
                boundary(9, released: true, pending: true, .corrupted, "test %eax,%eax"),
                boundary(10, released: true, pending: true, .intact),
                boundary(11, released: true, pending: false, .intact, "ret"),
                boundary(12, released: true, pending: false, nil),
            ]
        #expect(WindowDrawing(cell(records)).lines == (try golden("window-framed")))
    }

    @Test func drawsAnUnlockWithoutWindow() throws {
        let records = [
            boundary(0, released: false, pending: true, .held),
            boundary(1, released: true, pending: false, .waits),
        ]
        #expect(WindowDrawing(cell(records)).lines == (try golden("window-none")))
    }

    @Test func drawsNothingOfWhatDidNotRun() {
        #expect(WindowDrawing(cell([])).lines == [])
    }
}
