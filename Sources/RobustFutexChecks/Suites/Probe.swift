// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// Properties of a kernel that has the call.
extension Check {
    static let probe: [Check] = [
        Check(
            "findsSyscallAvailable", .probe,
            claim:
                "the detection, /proc/kallsyms and the library's own call agree that the system call is there"
        ) { scene in
            let symbol = KernelSymbol.ofCleanupRobustList()
            guard symbol == .defined || symbol == .unreadable else {
                throw CheckError.failed(
                    "/proc/kallsyms: expected the symbol to be defined, observed \(symbol)")
            }
            guard SyscallDetection.ofThisKernel.isAvailable else {
                throw CheckError.failed(
                    "expected it to be available, observed: \(SyscallDetection.ofThisKernel)")
            }
            let page = try MemoryMapping(anonymous: .private, length: pageSize)
            try scene.cleanup(page.cell(at: 0))
        }
    ]
}
