// SPDX-License-Identifier: MIT

/// What a patch of the series brings and checks need: names of `Feature` in the package's checks. A kernel with the
/// whole series has all of them.
public enum SeriesFeature: String, Codable, CaseIterable, Sendable {
    case sharedMemory, severalMappings, faultedHeads, groupLookup

    /// How the guest is told what its kernel does not have yet. Nothing for a kernel with the whole series.
    static func environment(_ missing: [SeriesFeature]) -> [String] {
        missing.isEmpty ? [] : ["ROBUST_LIST_WITHOUT=\(missing.map(\.rawValue).joined(separator: ","))"]
    }
}
