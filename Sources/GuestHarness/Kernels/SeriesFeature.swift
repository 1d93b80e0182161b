// SPDX-License-Identifier: MIT

/// A feature that a patch of the series brings and that checks need: names of `Feature` in the package's checks. A
/// kernel with the whole series has all of them.
public enum SeriesFeature: String, Codable, CaseIterable, Sendable {
    case sharedMemory, severalMappings, faultedHeads, groupLookup

    /// The environment that tells the guest which features its kernel does not have yet; empty for the whole series.
    static func environment(_ missing: [SeriesFeature]) -> [String] {
        missing.isEmpty ? [] : ["ROBUST_LIST_WITHOUT=\(missing.map(\.rawValue).joined(separator: ","))"]
    }
}
