// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The files that a comparison leaves in `build/compare`.
public struct ComparisonFiles: Sendable {
    public let report: FilePath
    public let page: FilePath
    private let repository: Repository

    /// - Parameter shard: whose files lie beside those of a whole comparison.
    public init(in repository: Repository, shard: Shard? = nil) {
        let name = "comparison\(shard?.fileSuffix ?? "")"
        report = repository.comparison.appending("\(name).json")
        page = repository.comparison.appending("\(name).html")
        self.repository = repository
    }

    /// Writes both, each whole or not at all. The page also shows the costs that were measured earlier, if any.
    public func write(_ comparison: ComparisonReport) throws {
        let costs = BenchRun.kernels.compactMap { BenchRun.record(of: $0, in: repository) }
        let html = ComparisonPage(comparison, costs: costs).html
        try Files.write(json: comparison, to: report)
        try Files.write(Data(html.source.utf8), to: page)
    }
}
