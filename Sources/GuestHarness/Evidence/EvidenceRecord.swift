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
    /// The ``PatchSeries/mark`` of the series that it was about.
    public var series: String
    /// Its last day, as 2026-11-26.
    public var day: String
    public var isGood: Bool

    public init(
        _ subject: Subject, kernel: String? = nil, figures: String, command: String, series: String,
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

/// The table of all figures, as Markdown: those of this machine's records, and of what it has no record of the lines that
/// the page has from other machines.
public struct EvidenceTable {
    private let rows: [Row]
    private let series: Set<String>

    /// The kernels that each have to have a line of their own, of the subjects that are about more than one.
    static let kernels: [EvidenceRecord.Subject: [String]] = [
        .worlds: ["patched", "patched-debug"],
        .stress: ["patched-debug", "patched-kcsan", "patched-rt", "patched-6.12", "patched-6.1"],
    ]

    /// - Parameters:
    ///   - page: the page with a table from before, between its marks.
    ///   - series: the marks of the series as they are now: what is about another one counts no more.
    /// - Throws: when the page cannot be read or has no marks.
    public init(_ records: [EvidenceRecord], page: FilePath, series: Set<String>) throws {
        let text = String(decoding: try Files.read(page), as: UTF8.self)
        self.init(records, before: try Self.marked.lines(in: text, of: page), series: series)
    }

    init(_ records: [EvidenceRecord], before: [Substring] = [], series: Set<String>) {
        let own = records.map(Row.init)
        let others = before.compactMap(Row.init).filter { other in !own.contains { $0.what == other.what } }
        rows = (own + others).sorted { $0.what < $1.what }
        self.series = series
    }

    /// Tells whether all that has to be there is there, about the series as it is, and good.
    public var isGood: Bool {
        rows.allSatisfy(\.isGood)
            && EvidenceRecord.Subject.allCases.allSatisfy { subject in
                let current = rows.filter { $0.isAbout(subject) && series.contains($0.series) }
                guard let kernels = Self.kernels[subject] else { return !current.isEmpty }
                return kernels.allSatisfy { kernel in
                    current.contains { $0.what == Row.what(subject, on: kernel) }
                }
            }
    }

    public var lines: [String] {
        ["| what | figures | command | series | day |", "|---|---|---|---|---|"]
            + EvidenceRecord.Subject.allCases.flatMap { subject in
                let own = rows.filter { $0.isAbout(subject) }
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
        private static let failed = "**failed**: "
        /// The first cell: the subject and its kernel.
        var what: String
        var series: String
        var isGood: Bool
        var text: String

        init(_ record: EvidenceRecord) {
            what = Self.what(record.subject, on: record.kernel)
            (series, isGood) = (record.series, record.isGood)
            let figures = (isGood ? "" : Self.failed) + record.figures
            text = "| \(what) | \(figures) | `\(record.command)` | `\(series)` | \(record.day) |"
        }

        /// - Returns: nil for a line that has no figures.
        init?(_ line: Substring) {
            guard let match = line.wholeMatch(of: /\| (.+?) \| (.+) \| `.+` \| `([0-9a-z]+)` \| [0-9-]+ \|/)
            else { return nil }
            what = String(match.1)
            series = String(match.3)
            isGood = !match.2.hasPrefix(Self.failed)
            text = String(line)
        }

        static func what(_ subject: EvidenceRecord.Subject, on kernel: String?) -> String {
            subject.rawValue + (kernel.map { " on `\($0)`" } ?? "")
        }

        func isAbout(_ subject: EvidenceRecord.Subject) -> Bool {
            what == subject.rawValue || what.hasPrefix("\(subject.rawValue) on `")
        }
    }

    /// Writes it to the page, between its marks.
    ///
    /// - Throws: when the marks are not there.
    public func place(in page: FilePath) throws { try Self.marked.replace(in: page, by: lines) }

    private static let marked = MarkedText(writtenBy: "kernel-patch/evidence --update")
}
