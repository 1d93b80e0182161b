// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import Glibc
import RobustFutex
import Synchronization
import SystemPackage
import TestProcesses

extension Feature {
    /// Results so far: nil for a feature that is there.
    static let problems = Mutex<[Feature: String?]>([:])

    /// Finds out why it is not there; nil when it is.
    func findProblem() -> String? {
        switch self {
        case .compat:
            return Self.works(crf_has_int80() == 1, "int $0x80 of a child process", "CONFIG_IA32_EMULATION")
        case .x32:
            return Self.answer(
                to: Int(CRF_X32_BIT) | crf_nr_getpid, "getpid of the x32 ABI", "CONFIG_X86_X32_ABI")
        case .hugetlb: return Self.missing(HugePages.directory, "CONFIG_HUGETLBFS")
        case .hugeShmem: return Self.missing(HugeShmem.control, "CONFIG_TRANSPARENT_HUGEPAGE")
        case .swap:
            return Self.missing("/proc/swaps", "CONFIG_SWAP")
                ?? Self.loopDeviceProblem()
        case .userfaultfd:
            // Of the flags none is valid: the answer of a kernel that has it.
            return Self.answer(to: crf_nr_userfaultfd, with: .max, "userfaultfd", "CONFIG_USERFAULTFD")
        case .fuse: return Self.missing("/dev/fuse", "CONFIG_FUSE_FS")
        case .loopDevice: return Self.loopDeviceProblem()
        case .ext4:
            return Self.fileSystemProblem("ext4", "CONFIG_EXT4_FS")
                ?? Self.loopDeviceProblem() ?? Ext4Image.problem()
        case .overlay: return Self.fileSystemProblem("overlay", "CONFIG_OVERLAY_FS")
        case .cgroupFreezer: return ControlGroup.problem()
        case .cgroupMemory: return ControlGroup.problem(with: .memory)
        case .groupRemoval: return GroupRemoval.problem()
        case .namespaces:
            return Self.missing("/proc/self/ns/user", "CONFIG_USER_NS")
                ?? Self.missing("/proc/self/ns/pid", "CONFIG_PID_NS")
                ?? Self.works(
                    ctp_may_unshare(crf_new_user_and_pid_namespace) == 1, "unshare", "a chroot? a container?")
        case .secretMemory:
            return Self.answer(to: crf_nr_memfd_secret, with: .max, "memfd_secret", "CONFIG_SECRETMEM")
        case .protectionKeys: return Self.protectionKeyProblem()
        case .seccomp:
            return Self.missing("/proc/sys/kernel/seccomp/actions_avail", "CONFIG_SECCOMP_FILTER")
        case .perfEvents:
            return Self.missing("/proc/sys/kernel/perf_event_paranoid", "CONFIG_PERF_EVENTS")
        case .processWalks: return ProcessWalks.problem()
        case .pciMemory:
            return Self.works(
                PCIMemory.find() != nil, "memory of a device under \(PCIMemory.devices)", "CONFIG_PCI")
        case .bpf:
            // Of the commands none is valid: the answer of a kernel that has it.
            return Self.answer(to: crf_nr_bpf, with: UInt(Int32.max), "bpf", "CONFIG_BPF_SYSCALL")
        case .root: return geteuid() == 0 ? nil : "needs root, is run by user \(geteuid())"
        case .sharedMemory: return UnfinishedSeries.problem(withMappings: 1)
        case .severalMappings: return UnfinishedSeries.problem(withMappings: 2)
        case .faultedHeads, .groupLookup:
            return UnfinishedSeries.isWithout(self) ? UnfinishedSeries.word : nil
        }
    }

    private static func loopDeviceProblem() -> String? {
        missing(LoopDevice.control, "CONFIG_BLK_DEV_LOOP")
    }

    private static func missing(_ path: String, _ option: String) -> String? {
        access(path, F_OK) == 0 ? nil : "there is no \(path) (\(option))"
    }

    private static func works(_ works: Bool, _ what: String, _ option: String) -> String? {
        works ? nil : "\(what) does not work (\(option))"
    }

    /// A system call that is not there says so, whatever its arguments.
    private static func answer(
        to number: Int, with first: UInt = 0, _ name: String, _ option: String
    ) -> String? {
        let result = crf_syscall6(number, first, 0, 0, 0, 0, 0)
        return result == -Int(ENOSYS) ? "\(name) gives ENOSYS (\(option))" : nil
    }

    private static func fileSystemProblem(_ type: String, _ option: String) -> String? {
        let known = (try? readText("/proc/filesystems"))?.split(whereSeparator: \.isWhitespace) ?? []
        return known.contains(Substring(type)) ? nil : "/proc/filesystems does not name \(type) (\(option))"
    }

    private static func protectionKeyProblem() -> String? {
        // The rights outlive the key: without access, so that what this process starts does not inherit any.
        let disableAccess: UInt = 1
        let key = crf_syscall6(crf_nr_pkey_alloc, 0, disableAccess, 0, 0, 0, 0)
        guard key >= 0 else {
            return "pkey_alloc gives \(resultName(key)): neither every kernel nor every processor has keys"
        }
        _ = crf_syscall6(Int(SYS_pkey_free), UInt(key), 0, 0, 0, 0, 0)
        return nil
    }
}
