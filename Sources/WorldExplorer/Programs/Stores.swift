// SPDX-License-Identifier: MIT

/// The kinds of memory that the files of a world are.
public struct Stores: Codable, Equatable, Sendable {
    /// Of each small file.
    public var files: [Small]
    public var huge: Huge
    /// Of the file with heads; nil in programs from before there was a choice.
    public var heads: Heads?

    public static let usual = Stores(files: [.memfd, .memfd, .ext4], huge: .hugetlb)

    public enum Small: String, Codable, Sendable, CaseIterable {
        case memfd
        case ext4
        /// In an overlay; opened again it is the file in the layer below it.
        case overlay
        /// Opened again by another node.
        case blockDevice
        /// That of MAP_SHARED | MAP_ANONYMOUS, mapped by proc_pid_map_files(5).
        case sharedAnonymous
        /// System V; "opened again" it is attached, and processes with an odd number attach it anyway.
        case segment
        /// A map of BPF: of the anonymous inode, so the call sees other memory in each open file of it. Nobody can wait there.
        case bpfArray
    }

    public enum Heads: String, Codable, Sendable, CaseIterable {
        case memfd
        /// System V, attached.
        case segment
    }

    /// One of the open files of a file.
    enum Opening { case first, again, forReading }

    public enum Huge: String, Codable, Sendable, CaseIterable {
        case hugetlb
        /// A memfd in a transparent huge page.
        case transparent
    }
}
