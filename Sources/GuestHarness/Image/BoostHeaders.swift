// SPDX-License-Identifier: MIT

import SystemPackage

/// Boost's headers, from this Debian release's newest package of them; below `build`, not installed.
struct BoostHeaders {
    let repository: Repository
    let progress: Progress

    private var unpacked: FilePath { repository.build.appending("boost") }

    /// The directory that `boost/version.hpp` is in. Fetched unless it is there.
    func directory() async throws -> FilePath {
        let include = unpacked.pushing("usr/include")
        if Files.exists(include) { return include }
        return try await progress.stage("headers of Boost") {
            let apt = PrivateApt(directory: repository.build.appending("apt"), suite: nil)
            try await apt.update()
            guard let package = try await apt.packages(matching: "libboost1.*-dev").first else {
                throw HarnessError("no package libboost1.*-dev in the machine's suites")
            }
            let archive = try await apt.download(package)
            let partial = FilePath("\(unpacked).partial")
            try Files.remove(partial)
            _ = try await Tool("dpkg-deb", ["-x", archive.string, partial.string]).output()
            try Files.rename(partial, to: unpacked)
            try Files.remove(archive)
            return include
        }
    }
}
