// SPDX-License-Identifier: MIT

import Foundation

/// The patch of a series that brings what a test needs: the part `features` of `kernel-patch/check.json`.
///
/// Patches go by their subjects, as numbers change with every patch that is added.
struct FeaturePatches: Codable, Equatable, Sendable {
    struct Step: Codable, Equatable, Sendable {
        var feature: SeriesFeature
        /// The subject of the patch that brings it.
        var patch: String
        /// The reason that the selftest gives for tests that it skips without it; absent: it needs it nowhere.
        var selftestSkips: String?
    }

    /// The subject of the first patch with which the call can be made.
    var from: String
    var steps: [Step]

    /// The kernel with a patch and all before it.
    struct Stage: Equatable, Sendable {
        /// The number of patches that it has.
        var length: Int
        var subject: String
        /// The steps that it does not have yet.
        var missing: [Step]
        /// The patch changes nothing of the kernel: the kernel is that of the stage before.
        var isSameKernel: Bool
    }

    /// Every kernel from the first one that can be tested.
    ///
    /// - Throws: when a subject is that of no patch. A series in which none of the features has a patch of its own,
    ///   as a backport, has them all from the start.
    func stages(of series: PatchSeries) throws -> [Stage] {
        let mails = series.patches.map { Mail(file: series.directory.appending($0.name), text: $0.text) }
        let subjects = mails.map(\.summary)
        func index(of subject: String) throws -> Int {
            guard let index = subjects.firstIndex(of: subject) else {
                throw HarnessError("no patch in \(series.directory) has the subject '\(subject)'")
            }
            return index
        }
        let first = try index(of: from)
        let isInSteps = steps.contains { subjects.contains($0.patch) }
        let brought = try isInSteps ? steps.map { (step: $0, index: try index(of: $0.patch)) } : []
        for (step, index) in brought where !Self.changesKernel(mails[index]) {
            throw HarnessError(
                "'\(step.patch)' brings \(step.feature.rawValue) and changes nothing of the kernel")
        }
        return (first..<mails.count).map { position in
            Stage(
                length: position + 1, subject: subjects[position],
                missing: brought.filter { $0.index > position }.map(\.step),
                isSameKernel: position > first && !Self.changesKernel(mails[position]))
        }
    }

    private static func changesKernel(_ mail: Mail) -> Bool {
        !mail.files.allSatisfy { $0.hasPrefix("tools/") || $0.hasPrefix("Documentation/") }
    }
}
