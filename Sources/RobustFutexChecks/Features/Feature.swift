// SPDX-License-Identifier: MIT

/// A feature of the kernel or of the machine that some checks need besides the system call.
///
/// A kernel can do without each of them and keep the contract all the same. The harness's record of such a
/// kernel lists what it lacks by these names, and a skip for any other reason counts as a failure there.
public enum Feature: String, CaseIterable, Sendable {
    /// Programs of 32 bits (CONFIG_IA32_EMULATION).
    case compat
    /// System calls of the x32 ABI (CONFIG_X86_X32_ABI).
    case x32
    /// Pages of 2 MiB of their own file system (CONFIG_HUGETLBFS).
    case hugetlb
    /// Shared memory in transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE).
    case hugeShmem
    /// CONFIG_SWAP, and a loop device to swap to.
    case swap
    /// userfaultfd(2) with write-protection and fork events (CONFIG_USERFAULTFD).
    case userfaultfd
    /// CONFIG_FUSE_FS.
    case fuse
    /// CONFIG_BLK_DEV_LOOP.
    case loopDevice
    /// CONFIG_EXT4_FS, a loop device, and an image to mount.
    case ext4
    /// CONFIG_OVERLAY_FS.
    case overlay
    /// The freezer of the second version of control groups (CONFIG_CGROUPS).
    case cgroupFreezer
    /// The memory controller of the same (CONFIG_MEMCG).
    case cgroupMemory
    /// Removed control groups that do not stay for the pages charged to them: Linux 6.12 keeps them.
    case groupRemoval
    /// User and process id namespaces (CONFIG_USER_NS, CONFIG_PID_NS).
    case namespaces
    /// memfd_secret(2) (CONFIG_SECRETMEM).
    case secretMemory
    /// Memory protection keys, of the kernel and of the processor.
    case protectionKeys
    /// seccomp(2) with filters (CONFIG_SECCOMP_FILTER).
    case seccomp
    /// perf_event_open(2) (CONFIG_PERF_EVENTS).
    case perfEvents
    /// Hardware breakpoints on data of the kernel, for counting (CONFIG_PERF_EVENTS, CONFIG_KALLSYMS_ALL).
    case processWalks
    /// A PCI device whose memory can be mapped (CONFIG_PCI, CONFIG_SYSFS).
    case pciMemory
    /// bpf(2) (CONFIG_BPF_SYSCALL).
    case bpf
    /// Root: mounting, swapping, freezing.
    case root

    // The features that the patches of the series add one by one. A kernel with the whole series has all of them.

    /// Flags 0: memory that other processes may share. Every check that makes such a call needs it.
    case sharedMemory
    /// Ranges of several mappings, with flags 0.
    case severalMappings
    /// Robust list heads that are not resident, or not writable, at that moment.
    case faultedHeads
    /// Threads found through their group, instead of among all processes.
    case groupLookup

    /// The reason as skipped tests give it, or nil when it is there. Looked at once in a process.
    public func reasonMissing() -> String? {
        let problem = Self.problems.withLock { problems in
            if let known = problems[self] { return known }
            let problem = findProblem()
            problems[self] = problem
            return problem
        }
        return problem.map { "\(Self.prefix) \(rawValue): \($0)" }
    }

    /// The start of the reason of a skipped test; the harness reads the feature's name after it.
    static let prefix = "lacks"
}
