// SPDX-License-Identifier: MIT

import Foundation

/// Settings of this machine's git that say where a repository really comes from (`url.BASE.insteadOf`).
///
/// A fresh machine gets them too: where the network is closed there is no other way to Swift's packages.
struct GitRedirections: Equatable, Sendable {
    struct Setting: Equatable, Sendable {
        /// As in `url.BASE.insteadOf`.
        var name: String
        var value: String
    }

    let settings: [Setting]

    /// - Parameter config: the output of `git config --null --list`.
    init(_ config: String) {
        settings = config.split(separator: "\0").compactMap { entry in
            let parts = entry.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            let name = String(parts[0])
            guard name.hasPrefix("url."), name.hasSuffix(".insteadof") || name.hasSuffix(".pushinsteadof")
            else { return nil }
            return Setting(name: name, value: String(parts[1]))
        }
    }

    /// The settings of the machine and of the user.
    static func ofMachine() async throws -> GitRedirections {
        // Outside of any repository, whose own settings are not the machine's.
        GitRedirections(try await Tool("git", ["config", "--null", "--list"], directory: "/").output())
    }

    /// Directories of this machine that repositories come from, each once.
    var directories: [String] {
        let bases = settings.compactMap { setting -> String? in
            guard let end = setting.name.lastIndex(of: ".") else { return nil }
            let base = setting.name[..<end].dropFirst("url.".count)
            let path = base.hasPrefix("file://") ? base.dropFirst("file://".count) : base
            return path.hasPrefix("/") ? String(path) : nil
        }
        return Set(bases).sorted()
    }
}
