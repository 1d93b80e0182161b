// SPDX-License-Identifier: MIT

/// A release of Debian on which the README's two commands have to work.
public struct DebianRelease: Equatable, Sendable {
    public var number: Int
    public var codename: String

    public var description: String { "Debian \(number)" }

    /// The releases that the README names.
    public static let supported = [
        DebianRelease(number: 12, codename: "bookworm"), DebianRelease(number: 13, codename: "trixie"),
    ]

    /// Packages that Swift's installation guide lists for Debian, less pkg-config: some releases of the guide and of
    /// the toolchain do without, and the project may not rely on it.
    static let swiftDependencies = [
        "binutils-gold", "gcc", "git", "libcurl4-openssl-dev", "libedit-dev", "libicu-dev", "libncurses-dev",
        "libpython3-dev", "libsqlite3-dev", "libxml2-dev", "tzdata", "uuid-dev",
    ]

    /// Finds a release by number or codename.
    public static func named(_ name: String) throws -> DebianRelease {
        if let release = supported.first(where: { $0.codename == name || String($0.number) == name }) {
            return release
        }
        let known = supported.map { "\($0.number) (\($0.codename))" }.joined(separator: ", ")
        throw HarnessError("unknown release '\(name)'; known: \(known)", status: .usage)
    }

    /// Lines for its `sources.list`, from the archives of a machine that runs another release or the same one: the
    /// release itself, and its updates and security fixes where the machine has those of its own.
    func sources(from archives: AptArchives, machineRunning codename: String) throws -> [String] {
        let lines = ["", "-updates", "-security"].compactMap { suffix in
            archives.all.first { $0.release == codename + suffix || $0.codename == codename + suffix }?
                .line(suite: self.codename + suffix)
        }
        guard !lines.isEmpty, archives.archive(of: codename) != nil else {
            throw HarnessError(
                "apt's configuration has no archive with the main component of \(codename), which is needed to get \(self.codename)"
            )
        }
        return lines
    }
}
