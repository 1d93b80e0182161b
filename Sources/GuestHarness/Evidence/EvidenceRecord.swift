// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The figures of the last run of something that is evidence for the kernel code.
public struct EvidenceRecord: Codable, Equatable, Sendable {
    /// The kind of evidence, which decides the place in the table.
    public enum Subject: String, Codable, Sendable, CaseIterable {
        case models
        case mutations
        case mutationsInWorlds = "mutations in random worlds"
        case mutants
        case worlds = "random worlds"
        case guidedWorlds = "random worlds guided by coverage"
        case coverage = "coverage of cleanup.c"
        case faults = "failing allocations"
        case stress
        case comparison = "comparison of kernels"
    }

    public var subject: Subject
    /// The kernel that it was about, where that makes another line of the table.
    public var kernel: String?
    public var figures: String
    /// The command as it was typed.
    public var command: String
    /// Its last day, as 2026-11-26.
    public var day: String
    public var isGood: Bool

    public init(
        _ subject: Subject, kernel: String? = nil, figures: String, command: String, isGood: Bool
    ) {
        self.subject = subject
        self.kernel = kernel
        self.figures = figures
        self.command = command
        self.isGood = isGood
        day = Date.now.formatted(.iso8601.year().month().day())
    }

    fileprivate var name: String {
        ([subject.rawValue.replacing(" ", with: "-")] + [kernel].compactMap(\.self)).joined(separator: "-")
    }
}

/// The records in `build/evidence`, a file for each subject and kernel: the last run counts.
public struct EvidenceStore: Sendable {
    private let directory: FilePath

    public init(in repository: Repository) {
        directory = repository.build.appending("evidence")
    }

    public func keep(_ record: EvidenceRecord) throws {
        try Files.write(json: record, to: directory.appending("\(record.name).json"))
    }

    /// - Throws: when a file is no record.
    public func records() throws -> [EvidenceRecord] {
        try Files.list(directory).filter { $0.hasSuffix(".json") }.map { name in
            let file = directory.appending(name)
            do {
                return try JSONDecoder().decode(EvidenceRecord.self, from: Files.read(file))
            } catch let error as DecodingError {
                throw HarnessError("\(file) is no record of evidence; remove it: \(error)")
            }
        }
    }
}

/// The table of all records, as Markdown.
public struct EvidenceTable {
    private let records: [EvidenceRecord]

    public init(_ records: [EvidenceRecord]) {
        self.records = records
    }

    public var isGood: Bool {
        records.allSatisfy(\.isGood) && EvidenceRecord.Subject.allCases.allSatisfy { !of($0).isEmpty }
    }

    private func of(_ subject: EvidenceRecord.Subject) -> [EvidenceRecord] {
        records.filter { $0.subject == subject }
    }

    public var lines: [String] { lines(keeping: []) }

    private func lines(keeping others: [Row]) -> [String] {
        let rows = records.map(Row.init)
        let all = (rows + others.filter { other in !rows.contains { $0.what == other.what } })
            .sorted { $0.what < $1.what }
        return ["| what | figures | command | day |", "|---|---|---|---|"]
            + EvidenceRecord.Subject.allCases.flatMap { subject in
                let own = all.filter { $0.isAbout(subject) }.map(\.text)
                return own.isEmpty ? ["| \(subject.rawValue) \(Row.nothing)"] : own
            }
    }

    /// A line of the table.
    private struct Row {
        static let nothing = "| not run | | |"
        /// The first cell: the subject and its kernel.
        var what: String
        var text: String

        init(_ record: EvidenceRecord) {
            what = record.subject.rawValue + (record.kernel.map { " on `\($0)`" } ?? "")
            let failed = record.isGood ? "" : "**failed**: "
            text = "| \(what) | \(failed)\(record.figures) | `\(record.command)` | \(record.day) |"
        }

        /// - Returns: nil for a line that has no figures.
        init?(_ line: Substring) {
            guard let match = line.wholeMatch(of: /\| (.+?) \| .+/), !line.hasSuffix(Self.nothing) else {
                return nil
            }
            what = String(match.1)
            text = String(line)
        }

        func isAbout(_ subject: EvidenceRecord.Subject) -> Bool {
            what == subject.rawValue || what.hasPrefix("\(subject.rawValue) on `")
        }
    }

    /// The text with the table between its marks. A line of what was run on another machine, of which there is no record
    /// here, stays.
    ///
    /// - Throws: when the marks are not there.
    public func placed(in text: String, of file: FilePath) throws -> String {
        try MarkedText(writtenBy: "kernel-patch/evidence --update").replaced(in: text, of: file) { before in
            lines(keeping: before.compactMap(Row.init))
        }
    }
}
