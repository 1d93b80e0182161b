// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage
import TestProcesses

// The bug itself, as Race has it without the bug: without the call the kernel writes FUTEX_OWNER_DIED over the word, on
// every kernel, patched or not. And what is found out about every kernel.
extension Check {
    static let anyKernel: [Check] = [
        Check(
            "corruptsReusedWordWithoutTheCall", .race, .anyKernel,
            claim: "control: killed in the window, a process corrupts memory that another process has reused"
        ) { scene in
            let (word, tid) = try reuseAndKill(scene, beforeReuse: { _ in })
            try expectCorruption(word, of: tid)
        },

        Check(
            "corruptsReusedWordInOwnProcessWithoutTheCall", .race, .anyKernel,
            claim:
                "control: a thread that exits in the window corrupts memory that its own process has reused"
        ) { scene in
            let (word, tid) = try reuseAndExit(scene, beforeReuse: { _, _ in })
            try expectCorruption(word, of: tid)
        },

        Check(
            "corruptsReusedFileWithoutTheCall", .race, .anyKernel,
            claim: "control: the corruption reaches a file in a file system, as read(2) shows"
        ) { scene in
            let (word, tid) = try reuseFileAndKill(scene, beforeReuse: { _ in })
            try expectCorruption(word, of: tid)
        },

        Check(
            "findsRobustUnlockAndItsFunctionsTogether", .probe, .anyKernel,
            claim: "FUTEX_ROBUST_UNLOCK either works and the vDSO exports its functions, or neither is there"
        ) { _ in
            let kernel = try KernelCapabilities.ofThisKernel()
            let expected = VDSO.robustUnlockFunctions.first!
            switch kernel.robustUnlock {
            case .supported:
                guard kernel.vdsoFunctions.contains(expected) else {
                    throw CheckError.failed("FUTEX_ROBUST_UNLOCK works, the vDSO lacks \(expected)")
                }
            case .absent(let errno):
                guard errno == .noFunction, kernel.vdsoFunctions.isEmpty else {
                    throw CheckError.failed(
                        "FUTEX_ROBUST_UNLOCK gives \(errno.name), the vDSO exports \(kernel.vdsoFunctions)")
                }
            case .misbehaves(let how):
                throw CheckError.failed("FUTEX_ROBUST_UNLOCK succeeds, yet \(how)")
            }
        },
    ]

    private static func expectCorruption(_ word: FutexWord, of tid: Int32) throws {
        guard word != .ownerDied else { return }
        throw CheckError.failed(
            "the reused word, \(FutexWord(owner: tid)): expected the kernel to write \(FutexWord.ownerDied),"
                + " observed \(word); where the bug does not show, nothing is proved by its absence")
    }
}
