// SPDX-License-Identifier: MIT

import RaceReport

/// A kernel of a comparison, and what is known of it before it is booted.
public struct ComparedKernel: Codable, Equatable, Sendable {
    /// Features that a kernel must offer. Nil for a user's own kernel, for which there is no expectation.
    public struct Abilities: Codable, Equatable, Sendable {
        public var cleanupRobustList: Bool
        public var futexRobustUnlock: Bool
        /// nil: always.
        public var singleSteps: Architecture.SingleSteps?

        public init(cleanupRobustList: Bool, futexRobustUnlock: Bool) {
            self.cleanupRobustList = cleanupRobustList
            self.futexRobustUnlock = futexRobustUnlock
        }

        /// Requires of a kernel built here the call if the series is applied, and `FUTEX_ROBUST_UNLOCK` from
        /// the release on that brought it to x86.
        init(patched: Bool, release: String, architecture: Architecture = .x86) {
            cleanupRobustList = patched
            if architecture.singleSteps != .always { singleSteps = architecture.singleSteps }
            guard architecture == .x86 else {
                futexRobustUnlock = false
                return
            }
            let numbers = release.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isNumber }) ?? 0 }
            futexRobustUnlock = !numbers.lexicographicallyPrecedes([7, 2])
        }
    }

    /// In the catalogue, or the file's name.
    public var name: String
    /// The name of the architecture that it is built for, as `./qemu/architectures --list` prints it.
    public var architecture: String
    /// As its build says; what `uname -r` printed is in the cells.
    public var release: String
    /// nil: a kernel of the user's own.
    public var expected: Abilities?
    /// SHA-256 of the kernel's image.
    public var imageDigest: String
    /// SHA-256 of its `.config`; nil for a kernel that was not built here.
    public var configDigest: String?

    public init(
        name: String, architecture: String, release: String, expected: Abilities?, imageDigest: String,
        configDigest: String?
    ) {
        self.name = name
        self.architecture = architecture
        self.release = release
        self.expected = expected
        self.imageDigest = imageDigest
        self.configDigest = configDigest
    }

    /// Tells whether the kernel must show the bug: it was built here, without the series.
    public var isStock: Bool { expected?.cleanupRobustList == false }
}
