// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// Kernels that do not have the call, seen by callers: older kernels, and filtered ones.
extension Check {
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
