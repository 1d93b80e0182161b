// SPDX-License-Identifier: MIT

import Glibc
import SystemPackage
import TestProcesses

/// Things that worlds need of the machine, for as long as the value lives.
public final class WorldMeans {
    private let hugePages: HugePages?
    private let swap: SwapSpace?
    private let disk: DiskDirectory?
    let hasNamespaces = geteuid() == 0
    let hasControlGroups = geteuid() == 0 && ControlGroup.problem() == nil
    /// The things that worlds do without here, each with the reason.
    public let missing: [String]

    var hasHugePages: Bool { hugePages != nil }
    /// The directory of files that are neither in memory nor in hugetlbfs.
    var directory: FilePath { disk?.path ?? temporaryDirectory }

    /// - Parameter worlds: the number of those at a time.
    /// - Throws: when no process can be started from which those of the worlds come: it must not have what worlds share.
    public init(forWorlds worlds: Int = 1) throws {
        try PeerRoot.start()
        var missing: [String] = []
        do {
            hugePages = try HugePages(reserving: worlds)
        } catch {
            hugePages = nil
            missing.append("huge pages: \(error)")
        }
        do {
            swap = try SwapSpace()
        } catch {
            swap = nil
            missing.append("swap space: \(error)")
        }
        do {
            if let problem = DiskDirectory.problem() { throw CheckError.broken(problem) }
            disk = try DiskDirectory()
        } catch {
            disk = nil
            missing.append("files on ext4: \(error)")
        }
        if !hasNamespaces { missing.append("PID namespaces: they need root") }
        if !hasControlGroups {
            missing.append("frozen control groups: \(ControlGroup.problem() ?? "they need root")")
        }
        self.missing = missing
    }
}
