// SPDX-License-Identifier: MIT

import Glibc

/// Has the kernel print on the console what every blocked task waits in, and what the processors do.
///
/// Best effort: a user's own kernel may be without CONFIG_MAGIC_SYSRQ.
func printBlockedTasks() {
    for key in ["w", "l"] {
        let file = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else {
            return print("guest-init: no blocked tasks: /proc/sysrq-trigger: \(errnoText())")
        }
        write(file, key, 1)
        close(file)
    }
}
