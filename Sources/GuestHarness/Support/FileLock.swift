// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// Keeps two runs of the harness from building the same thing at the same time.
public enum FileLock {
    /// Runs `body` while holding an exclusive lock on `path`, which is created.
    ///
    /// Waits as long as the other run builds, and says so once. The lock ends with the process,
    /// however that ends.
    public static func withLock<Result>(
        _ path: FilePath, progress: Progress, _ body: () async throws -> Result
    ) async throws -> Result {
        try Files.makeDirectory(path.removingLastComponent())
        let file = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw HarnessError("cannot open the lock \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var announced = false
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw HarnessError("cannot lock \(path): \(String(cString: strerror(errno)))")
            }
            if !announced {
                progress.note("waiting for another run that holds \(path)")
                announced = true
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        return try await body()
    }
}
