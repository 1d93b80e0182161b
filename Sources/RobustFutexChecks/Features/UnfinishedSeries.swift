// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// A kernel with the first patches of the series only, on which the harness runs the checks all the same.
///
/// The harness names the features that such a kernel does not have yet in the environment's ROBUST_LIST_WITHOUT,
/// separated by commas. Anything that the kernel refuses is not taken from there but found out, so that no check is
/// skipped that could run. Anything that it silently does not do would look like the bug that a check is there for, so
/// that only the name can tell.
enum UnfinishedSeries {
    static let variable = "ROBUST_LIST_WITHOUT"
    static let word = "the kernel has a part of the series only (\(variable))"

    private static let named = getenv(variable).map { names(in: String(cString: $0)) } ?? []

    static func names(in value: String) -> Set<String> {
        Set(value.split(separator: ",").map(String.init))
    }

    static func isWithout(_ feature: Feature) -> Bool { named.contains(feature.rawValue) }

    /// The call is there by the harness's word, though it does not yet answer as the detection expects.
    static var hasCall: Bool { isWithout(.sharedMemory) }

    /// The reason why a call with flags 0 on own memory of `count` mappings does not work; nil when it does.
    static func problem(withMappings count: Int) -> String? {
        guard hasCall || SyscallDetection.ofThisKernel.isPresent else { return nil }
        let length = count * pageSize
        do {
            let memory = try MemoryMapping(anonymous: .private, length: length)
            // Of different rights, so that the kernel cannot make one mapping of them.
            for page in stride(from: pageSize, to: length, by: 2 * pageSize) {
                let address = memory.address + UInt(page)
                _ = crf_syscall6(
                    Int(SYS_mprotect), address, UInt(pageSize), UInt(PROT_READ), 0, 0, 0)
            }
            try enterCleanupRobustList(address: memory.address, length: length, flags: [])
            return nil
        } catch Errno.invalidArgument {
            return "flags 0 and \(count == 1 ? "one mapping" : "\(count) mappings") give EINVAL"
        } catch {
            // Anything else is for the checks to find.
            return nil
        }
    }
}
