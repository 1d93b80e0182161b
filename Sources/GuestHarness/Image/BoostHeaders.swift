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
        return try await FileLock.withLock(repository.build.appending(".lock-boost"), progress: progress) {
            if Files.exists(include) { return include }
            return try await progress.stage("headers of Boost") {
                let apt = PrivateApt(directory: repository.build.appending("apt"), suite: nil)
                try await apt.update()
                let partial = FilePath("\(unpacked).partial")
                try Files.remove(partial)
                try await apt.unpack("libboost1.*-dev", below: partial)
                try Files.rename(partial, to: unpacked)
                return include
            }
        }
    }
}
