// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

extension ComparisonReport {
    /// The report of a comparison whose shards were run one by one, perhaps on several machines.
    ///
    /// - Throws: what keeps the files from being all the shards of one comparison.
    public static func merged(_ files: [FilePath], command: [String]) throws -> ComparisonReport {
        let parts = try ShardOfReport.parts(
            files, place: { (report: ComparisonReport) in report.place }, things: { $0.cells.count },
            check: { file, report in
                guard report.schema != .current else { return }
                throw HarnessError(
                    "cannot merge: \(file) has another form: \(report.schema.name), version \(report.schema.version)",
                    status: .usage)
            })
        var kernels: [ComparedKernel] = []
        var remarks: [String] = []
        for kernel in parts.flatMap(\.kernels) {
            guard let known = kernels.first(where: { $0.name == kernel.name }) else {
                kernels.append(kernel)
                continue
            }
            guard known.configDigest == kernel.configDigest, known.expected == kernel.expected else {
                throw HarnessError(
                    "cannot merge: the shards ran different kernels called \(kernel.name), \(known.release) and"
                        + " \(kernel.release), or with different configurations", status: .usage)
            }
            if known.imageDigest != kernel.imageDigest {
                remarks.append("not all shards ran the same bytes as \(kernel.name)")
            }
        }
        if Set(parts.map(\.machine.imageDigest)).count > 1 {
            remarks.append("not all shards ran the same bytes as programs")
        }
        return ComparisonReport(
            command: command, quick: parts[0].quick, started: parts.map(\.started).min()!,
            seconds: parts.map(\.seconds).reduce(0, +), machine: parts[0].machine, kernels: kernels,
            cells: parts.flatMap(\.cells), remarks: remarks)
    }
}
