// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import SystemPackage
import TestProcesses

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

    /// The checks of what callers see when the kernel does not have the call: older kernels, and filtered ones.
    static let withoutSyscall: [Check] = [
        Check(
            "throwsTypedErrorAndChangesNothing", .probe, .withoutSyscall,
            claim: "the library throws the kernel's refusal, and the pending operation stays as it was"
        ) { scene in
            let file = try scene.file()
            let own = try MemoryMapping(of: file, length: pageSize)
            let sibling = try scene.peer(inWindowOf: file, at: wordOffset)
            let expected: Errno =
                if case .blocked(let errno) = SyscallDetection.ofThisKernel.verdict { errno } else {
                    .noFunction
                }
            try scene.expectRefusal(
                expected, address: own.cell(at: wordOffset).address, length: 4, "call on a sibling's lock")
            try scene.expectUntouched(sibling.task, at: sibling.word, "the sibling")
        },

        Check(
            "reportsAbsenceWithEvidence", .probe, .withoutSyscall,
            claim: "the detection says absent only after ENOSYS, and only if /proc/kallsyms does not name it"
        ) { _ in
            let detection = SyscallDetection.ofThisKernel
            let result = crf_cleanup_robust_list(0, 0, .max)
            let isSilent = result == -Int(Errno.noFunction.rawValue)
            let symbol = KernelSymbol.ofCleanupRobustList()
            let isConsistent =
                switch detection.verdict {
                // Named and silent without a filter: under another number.
                case .absent: isSilent && (symbol != .defined || seccompMode() == 0)
                case .blocked(.noFunction): isSilent && (symbol == .defined || symbol == .unreadable)
                case .blocked(let errno): result == -Int(errno.rawValue)
                // The check is not for these.
                case .available, .misbehaves, .numberTakenBySomethingElse, .fatal, .undetermined: false
                }
            guard isConsistent, !detection.evidence.isEmpty else {
                throw CheckError.failed(
                    "a call gives \(resultName(result)), the symbol is \(symbol); observed: \(detection)")
            }
        },
    ]
}
