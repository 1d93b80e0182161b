// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage

/// The kernel's search for hung tasks, for which khungtaskd walks over all tasks once a minute, switched off for as long as
/// the value lives (kernel.hung_task_timeout_secs). As root.
package struct NoHungTaskDetection: ~Copyable {
    private static let setting = FilePath("/proc/sys/kernel/hung_task_timeout_secs")
    /// Nil in a kernel that does not search.
    private let before: String?

    package init() throws {
        let before = access(Self.setting.string, F_OK) == 0 ? try readText(Self.setting) : nil
        if before != nil { try writeText("0", to: Self.setting) }
        self.before = before
    }

    deinit {
        if let before { try? writeText(before, to: Self.setting) }
    }
}
