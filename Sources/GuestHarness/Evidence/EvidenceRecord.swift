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
    /// One line; of several the first, which says what failed.
    public var figures: String
    /// The command as it was typed.
    public var command: String
    /// The ``PatchSeries/mark`` of the series that it was about; nil in records of a time without.
    public var series: String?
    /// Its last day, as 2026-11-26.
    public var day: String
    public var isGood: Bool

    public init(
        _ subject: Subject, kernel: String? = nil, figures: String, command: String, series: String? = nil,
        isGood: Bool
    ) {
        self.subject = subject
        self.kernel = kernel
        self.figures = String(figures.prefix { !$0.isNewline })
        self.command = command
        self.series = series
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
    private let series: Set<String>

    /// The kernels that each have to have a record of their own, of the subjects that are about more than one.
    static let kernels: [EvidenceRecord.Subject: [String]] = [
        .worlds: ["patched", "patched-debug"],
        .stress: ["patched-debug", "patched-kcsan", "patched-rt", "patched-6.12", "patched-6.1"],
    ]

    /// - Parameter series: the marks of the series as they are now: what is about another one counts no more.
    public init(_ records: [EvidenceRecord], series: Set<String>) {
        self.records = records
        self.series = series
    }

    /// Tells whether all that has to be there is there, about the series as it is, and good.
    public var isGood: Bool {
        records.allSatisfy(\.isGood)
            && EvidenceRecord.Subject.allCases.allSatisfy { subject in
                let current = records.filter {
                    $0.subject == subject && $0.series.map(series.contains) != false
                }
                guard let kernels = Self.kernels[subject] else { return !current.isEmpty }
                return kernels.allSatisfy { kernel in current.contains { $0.kernel == kernel } }
            }
    }

    public var lines: [String] { lines(keeping: []) }

    private func lines(keeping others: [Row]) -> [String] {
        let rows = records.map(Row.init)
        let all = (rows + others.filter { other in !rows.contains { $0.what == other.what } })
            .sorted { $0.what < $1.what }
        return ["| what | figures | command | series | day |", "|---|---|---|---|---|"]
            + EvidenceRecord.Subject.allCases.flatMap { subject in
                let own = all.filter { $0.isAbout(subject) }
                let missing = (Self.kernels[subject] ?? []).map { Row.what(subject, on: $0) }.filter { what in
                    !own.contains { $0.what == what }
                }
                let nothing = own.isEmpty && missing.isEmpty ? [subject.rawValue] : missing
                return own.map(\.text) + nothing.map { "| \($0) \(Row.nothing)" }
            }
    }

    /// A line of the table.
    private struct Row {
        static let nothing = "| not run | | | |"
        /// The first cell: the subject and its kernel.
        var what: String
        var text: String

        init(_ record: EvidenceRecord) {
            what = Self.what(record.subject, on: record.kernel)
            let failed = record.isGood ? "" : "**failed**: "
            text =
                "| \(what) | \(failed)\(record.figures) | `\(record.command)` | \(record.series.map { "`\($0)`" } ?? "earlier") | \(record.day) |"
        }

        /// - Returns: nil for a line that has no figures.
        init?(_ line: Substring) {
            guard let match = line.wholeMatch(of: /\| (.+?) \| .+/), !line.hasSuffix(Self.nothing) else {
                return nil
            }
            what = String(match.1)
            text = String(line)
        }

        static func what(_ subject: EvidenceRecord.Subject, on kernel: String?) -> String {
            subject.rawValue + (kernel.map { " on `\($0)`" } ?? "")
        }

        func isAbout(_ subject: EvidenceRecord.Subject) -> Bool {
            what == subject.rawValue || what.hasPrefix("\(subject.rawValue) on `")
        }
    }

    /// The text with the table between its marks. A line of what was run on another machine, of which there is no record
    /// here, stays.
    ///
    /// - Throws: when the marks are not there.
    func placed(in text: String, of file: FilePath) throws -> String {
        try Self.marked.replaced(in: text, of: file, by: lines(insteadOf:))
    }

    /// The same in a file.
    public func place(in file: FilePath) throws { try Self.marked.replace(in: file, by: lines(insteadOf:)) }

    private static let marked = MarkedText(writtenBy: "kernel-patch/evidence --update")

    private func lines(insteadOf before: [Substring]) -> [String] {
        lines(keeping: before.compactMap(Row.init))
    }
}
