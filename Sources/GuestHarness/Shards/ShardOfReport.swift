// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The place of a report among those of the other shards.
public struct ShardOfReport: Codable, Equatable, Sendable {
    public var shard: Shard
    /// The number of things in all shards together.
    public var all: Int
    /// A digest of the list of them: shards with different ones do not belong together.
    public var plan: String
    /// The ``PatchSeries/mark`` of the series that all shards together are evidence for; nil where the job left something
    /// out.
    public var series: String?

    /// The reports in files that a user named, in the order of their shards.
    ///
    /// - Parameters:
    ///   - things: the number of results in a report.
    ///   - check: is told of each before they are held against each other.
    /// - Throws: what keeps them from being all the shards of one job.
    static func parts<Report: Decodable>(
        _ files: [FilePath], place: (Report) -> ShardOfReport?, things: (Report) -> Int,
        check: (FilePath, Report) throws -> Void = { _, _ in }
    ) throws -> [Report] {
        let reports = try files.map { try read(Report.self, from: $0) }
        for (file, report) in zip(files, reports) { try check(file, report) }
        return try order(
            zip(files, reports).map { (file: $0.string, place: place($1), things: things($1)) }
        ).map { reports[$0] }
    }

    /// The series that merged reports are evidence for, by the first of their files; nil if for none.
    public static func series(of files: [FilePath]) throws -> String? {
        struct Part: Decodable { var place: ShardOfReport? }
        return try files.first.flatMap { try read(Part.self, from: $0).place?.series }
    }

    /// The report in a file that a user named.
    static func read<Report: Decodable>(_ type: Report.Type, from file: FilePath) throws -> Report {
        do {
            return try JSONDecoder().decode(type, from: Files.read(file))
        } catch let error as HarnessError {
            throw HarnessError("cannot merge: \(error)", status: .usage)
        } catch {
            throw HarnessError("cannot merge: \(file) is no report of such a run", status: .usage)
        }
    }

    /// Refuses reports that do not make up a whole: one for each shard of the same job.
    ///
    /// - Parameter reports: for each its file, its place, and the number of things in it.
    /// - Returns: the indices of the reports in the order of their shards.
    static func order(_ reports: [(file: String, place: ShardOfReport?, things: Int)]) throws -> [Int] {
        func refuse(_ why: String) -> HarnessError { HarnessError("cannot merge: \(why)", status: .usage) }
        for report in reports where report.place == nil {
            throw refuse("\(report.file) is the report of a whole run, not of one with --shard")
        }
        let placed = reports.map { ($0.file, $0.place!, $0.things) }
        guard let (firstFile, first, _) = placed.first else { throw refuse("no report was named") }
        for (file, place, _) in placed
        where place.shard.count != first.shard.count || place.all != first.all || place.plan != first.plan
            || place.series != first.series
        {
            throw refuse(
                "\(firstFile) and \(file) are shards of different jobs: the options and the sources must be the same"
            )
        }
        var seen: [Int: String] = [:]
        for (file, place, _) in placed {
            if let other = seen.updateValue(file, forKey: place.shard.number) {
                throw refuse("\(other) and \(file) are both shard \(place.shard)")
            }
        }
        let missing = (1...first.shard.count).filter { seen[$0] == nil }
        guard missing.isEmpty else {
            let names = missing.map { "\($0)/\(first.shard.count)" }.joined(separator: ", ")
            throw refuse("the report of shard \(names) is missing")
        }
        let things = placed.map(\.2).reduce(0, +)
        guard things == first.all else {
            throw refuse("the reports have \(things) results together, of \(first.all)")
        }
        return placed.indices.sorted { placed[$0].1.shard.number < placed[$1].1.shard.number }
    }
}
