// SPDX-License-Identifier: MIT

/// The kinds of memory that the files of a world are.
public struct Stores: Codable, Equatable, Sendable {
    /// Of each small file.
    public var files: [Small]
    public var huge: Huge

    public static let usual = Stores(files: [.memfd, .memfd, .ext4], huge: .hugetlb)

    public enum Small: String, Codable, Sendable, CaseIterable {
        case memfd
        case ext4
        /// In an overlay; opened again it is the file in the layer below it.
        case overlay
        /// Opened again by another node.
        case blockDevice
        /// MAP_SHARED | MAP_ANONYMOUS, by proc_pid_map_files(5).
        case sharedAnonymous
        /// System V; "opened again" it is attached.
        case segment
    }

    public enum Huge: String, Codable, Sendable, CaseIterable {
        case hugetlb
        /// A memfd in a transparent huge page.
        case transparent
    }
}
