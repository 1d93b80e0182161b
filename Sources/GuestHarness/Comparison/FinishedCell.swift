// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import SystemPackage

/// A scenario that was run on a kernel, with all that its program said.
public struct FinishedCell: Codable, Equatable, Sendable {
    /// Of the guest: `robust-list-check race …`, as it was called.
    public var command: [String]
    /// The kernel as the program found it.
    public var kernel: RaceReport.Kernel
    /// The C library whose unlock was held, if it could be started.
    public var library: RaceReport.Library?
    public var cell: Cell
    public var accelerator: Accelerator
    /// When it was started, in seconds since 1970.
    public var started: Double
    /// The run's directory below `build/runs`, with the console and the QEMU command.
    public var run: String

    /// - Throws: what makes `report` no report of one run of `scenario`.
    public init(_ report: RaceReport, of scenario: Scenario, accelerator: Accelerator, run: String) throws {
        guard report.schema == .current else {
            throw HarnessError(
                "a report with another schema: \(report.schema.name), version \(report.schema.version)")
        }
        guard report.cells.count == 1, let cell = report.cells.first, cell.scenario == scenario else {
            throw HarnessError(
                "a report of \(report.cells.map(\.identifier)) instead of \(scenario.identifier)")
        }
        command = report.command
        kernel = report.kernel
        library = report.libraries.first { $0.unlocker == scenario.unlocker }
        self.cell = cell
        self.accelerator = accelerator
        started = report.started
        self.run = run
    }
}

/// Keeps finished cells, so that an interrupted comparison goes on where it was.
///
/// A cell belongs to the bytes of the kernel and of the guest's image: whatever changes one of them makes a
/// new place, in which nothing is finished yet.
public struct CellStore: Sendable {
    private let directory: FilePath

    /// - Parameter image: SHA-256 of the guest's image, which has every program that takes part.
    public init(in cells: FilePath, kernel: ComparedKernel, image: String, quick: Bool) {
        directory = cells.appending(
            "\(kernel.name)-\(kernel.imageDigest.prefix(16))-\(image.prefix(16))\(quick ? "-quick" : "")")
    }

    public func path(of scenario: Scenario) -> FilePath {
        directory.appending("\(scenario.identifier.replacing("/", with: "+")).json")
    }

    /// The cell of `scenario`, if it is finished. What cannot be read counts as not finished.
    public func cell(of scenario: Scenario) -> FinishedCell? {
        guard let data = try? Files.read(path(of: scenario)),
            let cell = try? JSONDecoder().decode(FinishedCell.self, from: data),
            cell.cell.scenario == scenario
        else { return nil }
        return cell
    }

    public func keep(_ cell: FinishedCell) throws {
        try Files.write(json: cell, to: path(of: cell.cell.scenario))
    }

    public func forget(_ scenario: Scenario) throws {
        try Files.remove(path(of: scenario))
    }
}
