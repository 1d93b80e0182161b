// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// apt with a state of its own: reads a suite that the machine does not list, changes nothing in
/// `/etc` or `/var`, and needs no privilege. Mirror and keyring are the machine's.
struct PrivateApt: Sendable {
    let directory: FilePath
    /// nil: the suites that the machine has anyway.
    let suite: String?
    /// Of `suite` the source packages, not those for this machine.
    var sources = false
    /// Debian's name of the architecture that packages are for; nil: this machine's.
    var architecture: String?

    struct Package: Equatable, Sendable {
        var name: String
        var version: String
        var identity: String { "\(name)_\(version)" }
    }

    private var lists: FilePath { directory.appending("lists") }
    private var cache: FilePath { directory.appending("cache") }
    private var sourceList: FilePath { directory.appending("sources.list") }
    private var downloads: FilePath { directory.appending("downloads") }

    private var options: [String] {
        var options = [
            "Dir::State::lists=\(lists)", "Dir::Cache=\(cache)", "Acquire::Languages=none",
            // As root apt would read and write as a user that need not have access here.
            "APT::Sandbox::User=",
        ]
        if suite != nil {
            options += ["Dir::Etc::sourcelist=\(sourceList)", "Dir::Etc::sourceparts=-"]
        }
        if let architecture {
            options += ["APT::Architecture=\(architecture)", "APT::Architectures::=\(architecture)"]
        }
        return options.flatMap { ["-o", $0] }
    }

    /// Fetches the newest version of a package and unpacks it below `root`, where nothing is configured or run.
    func unpack(_ name: String, below root: FilePath) async throws {
        guard let package = try await packages(matching: name).first else {
            throw HarnessError(
                "\(suite.map { "Debian's suite \($0)" } ?? "the machine's Debian suites") have no package \(name)"
            )
        }
        let archive = try await download(package)
        try Files.makeDirectory(root)
        _ = try await Tool("dpkg-deb", ["-x", archive.string, root.string]).output()
        try Files.remove(archive)
    }

    func update() async throws {
        for path in [lists.appending("partial"), cache.appending("archives/partial"), downloads] {
            try Files.makeDirectory(path)
        }
        if let suite {
            let targets = try await Tool("apt-get", ["indextargets", "Created-By: Packages"]).output()
            let line = try Self.sourceLine(
                for: suite, type: sources ? "deb-src" : "deb", from: targets,
                release: AptArchives.codenameOfMachine())
            try Files.write(Data("\(line)\n".utf8), to: sourceList)
        }
        _ = try await Tool(
            "apt-get", options + ["-o", "APT::Update::Error-Mode=any", "update", "-q"]
        ).output()
    }

    /// The packages that match a shell pattern, newest version first.
    func packages(matching pattern: String) async throws -> [Package] {
        let names = try await Tool("apt-cache", options + ["pkgnames", String(pattern.prefix { $0 != "*" })])
            .output()
        var packages: [Package] = []
        for name in names.split(separator: "\n").map(String.init) where Self.isSource(name, pattern: pattern)
        {
            let records = try await Tool("apt-cache", options + ["show", "--no-all-versions", name]).output()
            for line in records.split(separator: "\n") {
                if let match = line.wholeMatch(of: /Version: (\S+)/) {
                    packages.append(Package(name: name, version: String(match.1)))
                }
            }
        }
        // A handful: dpkg knows how versions compare.
        var sorted: [Package] = []
        for package in packages {
            var index = 0
            while index < sorted.count,
                try await Tool("dpkg", ["--compare-versions", package.version, "lt", sorted[index].version])
                    .status(onLine: { _ in }).isSuccess
            {
                index += 1
            }
            sorted.insert(package, at: index)
        }
        return sorted
    }

    /// Fetches a package. apt verifies what it fetched, and what an earlier run left, against the
    /// signed index.
    func download(_ package: Package) async throws -> FilePath {
        _ = try await Tool(
            "apt-get", options + ["-q", "download", "\(package.name)=\(package.version)"],
            directory: downloads
        ).output()
        let escaped = package.version.replacing(":", with: "%3a")
        guard let file = Files.list(downloads).first(where: { $0.hasPrefix("\(package.name)_\(escaped)_") })
        else {
            throw HarnessError("apt-get downloaded \(package.identity), but \(downloads) does not have it")
        }
        return downloads.appending(file)
    }

    /// Fetches the original tar file of a source package, its newest version.
    func downloadSource(_ name: String) async throws -> FilePath {
        _ = try await Tool(
            "apt-get", options + ["-q", "source", "--download-only", name], directory: downloads
        ).output()
        guard
            let file = Files.list(downloads).last(where: {
                $0.hasPrefix("\(name)_") && $0.contains(".orig.tar.") && !$0.hasSuffix(".asc")
            })
        else { throw HarnessError("apt-get downloaded \(name), but \(downloads) does not have it") }
        return downloads.appending(file)
    }

    /// Fetches the original tar file of a version of a source package, as its project released it.
    ///
    /// - Throws: when the suite has another version by now, or the archive none of the packages it lists.
    func downloadOriginal(of name: String, version: String) async throws -> FilePath {
        let records = try await Tool("apt-cache", options + ["showsrc", "--only-source", name]).output()
        let versions = records.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /Version: (\S+)/).map { String($0.1) }
        }
        let candidates = versions.filter { Self.original(of: $0) == version }
        guard !candidates.isEmpty else {
            let has = Set(versions.map(Self.original)).sorted().joined(separator: ", ")
            throw HarnessError(
                "\(suite ?? "apt's configuration") has no source of \(name) \(version)"
                    + (has.isEmpty ? "" : ", only of \(has)"))
        }
        var reason = ""
        // The archive may have lost what Debian added to some, which is not needed, or all of an old one.
        for candidate in candidates.reversed() {
            do {
                _ = try await Tool(
                    "apt-get",
                    options + ["-q", "source", "--tar-only", "--download-only", "\(name)=\(candidate)"],
                    directory: downloads
                ).output()
            } catch let error as HarnessError {
                reason = error.description
                continue
            }
            if let file = Files.list(downloads).first(where: {
                $0.hasPrefix("\(name)_\(version).orig.tar.") && !$0.hasSuffix(".asc")
            }) {
                return downloads.appending(file)
            }
        }
        throw HarnessError("the source of \(name) \(version) cannot be had: \(reason)")
    }

    /// `2.36` of `2.36-9+deb12u14`: Debian's revision follows the last hyphen, an epoch comes before the colon.
    static func original(of version: String) -> String {
        let withoutEpoch = version.split(separator: ":").last.map(String.init) ?? version
        guard let hyphen = withoutEpoch.lastIndex(of: "-") else { return withoutEpoch }
        return String(withoutEpoch[..<hyphen])
    }

    /// `linux-source-7.3`, not a flavour's tools or a meta package: the pattern's star is a version.
    static func isSource(_ name: String, pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count == 2, name.hasPrefix(parts[0]), name.hasSuffix(parts[1]) else {
            return name == pattern
        }
        let star = name.dropFirst(parts[0].count).dropLast(parts[1].count)
        return !star.isEmpty && star.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// A line for `sources.list`: `suite` from where the machine gets `release` from.
    ///
    /// - Parameters:
    ///   - type: `deb` or `deb-src`.
    ///   - targets: the output of `apt-get indextargets`.
    static func sourceLine(
        for suite: String, type: String = "deb", from targets: String, release: String
    ) throws -> String {
        guard let archive = AptArchives(targets).archive(of: release) else {
            throw HarnessError(
                "apt's configuration has no archive with the main component of \(release), which is needed to get \(suite)"
            )
        }
        return archive.line(type, suite: suite)
    }
}
