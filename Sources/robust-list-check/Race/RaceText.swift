// SPDX-License-Identifier: MIT

import ArgumentParser
import RaceReport
import RaceWindow

/// The text that the race command prints about its cells.
enum RaceText {
    /// A cell in a line.
    static func line(_ cell: Cell) -> String {
        "\(cell.identifier): \(cell.summary)" + (cell.tried > 0 ? ", \(window(cell))" : "")
            + " (\(seconds(cell.seconds)))"
            + cell.contradictions.map { "\n    contradiction: \($0)" }.joined()
    }

    static func introduction(
        _ kernel: RaceReport.Kernel, _ library: RaceReport.Library?, _ machine: MachineLibrary
    ) -> [String] {
        let name = library.map { [$0.name, $0.version].compactMap { $0 }.joined(separator: " ") }
        return [
            "kernel \(kernel.release) \(kernel.machine); cleanup_robust_list(2): \(kernel.detection)",
            "\(name ?? "C library unknown"), \(library?.bits ?? 64)-bit: pthread_mutex_unlock() of a robust mutex that nobody waits for",
            "",
            "A process is stopped inside its unlock. Another one, which shares the lock's memory, locks, unlocks and",
            "destroys the lock and writes something else there. Then the first is killed, and the memory examined.",
            "This corrupts memory of these two processes only; nothing else on this machine is touched.",
        ]
    }

    /// A cell at length.
    static func story(_ cell: Cell) -> [String] {
        let who =
            switch cell.scenario.destroyer {
            case .legacy: "destroyed as every C library does today"
            case .cleanup: "destroyed with cleanup_robust_list(2)"
            case .patchedLibrary: "destroyed by a C library that calls cleanup_robust_list(2)"
            case .preload: "destroyed with the preload"
            case .preloadUnmap: "unmapped with the preload"
            }
        let verdict =
            switch cell.verdict {
            case .corrupted: "corrupted at \(cell.corrupted) of \(cell.tried) instruction boundaries"
            case .intact: "intact at all \(cell.tried) instruction boundaries"
            case .cannotRun, .broken: cell.summary
            }
        let drawing = cell.records.isEmpty ? [] : [""] + WindowDrawing(cell).lines + ["", Self.legend]
        return ["", "\(who): \(verdict)"] + drawing
            + cell.contradictions.map { "contradiction: \($0)" }
    }

    private static let legend =
        "owner died: still locked, so nobody could destroy it; its next owner was told, as it should be (EOWNERDEAD)"

    static func totals(_ report: RaceReport) -> String {
        func count(_ verdict: Cell.Verdict) -> Int { report.cells.count { $0.verdict == verdict } }
        return "\(count(.corrupted)) corrupted, \(count(.intact)) intact, \(count(.cannotRun)) cannot run, "
            + "\(count(.broken)) broken (\(seconds(report.seconds)))"
    }

    /// Throws the exit status of a run with an unexpected result, or without any result.
    static func judge(_ report: RaceReport) throws {
        let wrong = report.cells.filter { $0.verdict == .broken || !$0.contradictions.isEmpty }
        guard wrong.isEmpty else {
            complain("\(wrong.count) of \(report.cells.count) scenarios had an unexpected result")
            throw Status.failure
        }
        guard report.cells.contains(where: { $0.verdict != .cannotRun }) else {
            complain(
                "nothing ran: none of the \(report.cells.count) scenarios can run here, for the reasons given"
            )
            throw Status.allSkipped
        }
    }

    private static func window(_ cell: Cell) -> String {
        "\(cell.inWindow) of \(cell.boundaries) in the window"
    }

    private static func seconds(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
