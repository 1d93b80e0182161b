// SPDX-License-Identifier: MIT

import Foundation

/// The archives with a main component that the machine's apt is configured to read.
struct AptArchives {
    /// A suite of an archive.
    struct Archive: Equatable {
        /// As the configuration names it, and as the archive names itself.
        var release: String
        var codename: String
        var origin: String
        var label: String
        var uri: String
        /// The keyring that the configuration demands for it.
        var signedBy: String?

        /// A line for `sources.list` that gets `suite` from this archive.
        ///
        /// - Parameter type: `deb` or `deb-src`.
        func line(_ type: String = "deb", suite: String) -> String {
            let option = signedBy.map { "[signed-by=\($0)] " } ?? ""
            return "\(type) \(option)\(uri) \(suite) main"
        }
    }

    let all: [Archive]

    /// - Parameter targets: the output of `apt-get indextargets`.
    init(_ targets: String) {
        all = targets.split(separator: "\n\n").compactMap { stanza in
            var fields: [String: String] = [:]
            for line in stanza.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces)
            }
            guard fields["Component"] == "main", let uri = fields["Repo-URI"] else { return nil }
            return Archive(
                release: fields["Release"] ?? "", codename: fields["Codename"] ?? "",
                origin: fields["Origin"] ?? "", label: fields["Label"] ?? "", uri: uri,
                signedBy: fields["Signed-By"])
        }
    }

    /// The archives of this machine.
    static func ofMachine() async throws -> AptArchives {
        AptArchives(try await Tool("apt-get", ["indextargets", "Created-By: Packages"]).output())
    }

    /// The archive that has `release`, or else Debian's main one.
    func archive(of release: String) -> Archive? {
        all.first { $0.release == release || $0.codename == release }
            ?? all.first { $0.origin == "Debian" && $0.label == "Debian" }
    }

    /// The codename of the Debian release that this machine runs.
    static func codenameOfMachine() throws -> String {
        let text = String(decoding: try Files.read("/etc/os-release"), as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix("VERSION_CODENAME=") {
            return line.dropFirst("VERSION_CODENAME=".count).trimmingCharacters(in: ["\""])
        }
        throw HarnessError("/etc/os-release names no VERSION_CODENAME: is this Debian?")
    }
}
