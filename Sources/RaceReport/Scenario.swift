// SPDX-License-Identifier: MIT

/// One way to let the race happen: what is held where, by whom it is destroyed, how it dies.
///
/// Its identifier has one part for each property, `TECHNIQUE/UNLOCKER/VARIANT/MEMORY/KILLER/DESTROYER`, as in
/// `single-step/glibc64/plain/shared/sigkill/legacy`; `race --scenario RE` chooses by it.
public struct Scenario: Codable, Hashable, Sendable {
    /// The technique that holds the unlocker in the middle of its unlock.
    public enum Technique: String, Codable, CaseIterable, Sendable {
        /// `PTRACE_SINGLESTEP`: at every instruction boundary of `pthread_mutex_unlock`.
        case singleStep = "single-step"
        /// A seccomp user notification of the `FUTEX_WAKE` of a contended unlock.
        case seccomp
        /// `PTRACE_SYSCALL`: at entry to and exit from each futex(2) of the unlock.
        case syscallStop = "syscall-stop"
    }

    /// Whose unlock it is.
    public enum Unlocker: String, Codable, CaseIterable, Sendable {
        /// The machine's glibc, 64-bit, in a dynamically linked program. On other architectures the one glibc there is, in a
        /// statically linked program.
        case glibc64
        /// The machine's glibc, 32-bit, in a dynamically linked program.
        case glibc32
        /// musl, statically linked.
        case musl
        /// The C library that this very executable runs with.
        case own = "self"
        /// The way of Linux 7.2: the vDSO function, and `FUTEX_ROBUST_UNLOCK` when there are waiters.
        case robustUnlock = "robust-unlock"
        /// A proposal of July 2026: a contended unlock leaves `FUTEX_WAITERS` in the released word (0x80000000).
        case keptWaiters = "kept-waiters"

        /// Tells whether it takes no part in the protocol of Linux 7.2, and so has the race window.
        public var isLegacy: Bool { self != .robustUnlock }
    }

    /// The kind of lock, and whether somebody waits for it when it is unlocked. Robust and process-shared, but where
    /// its name says something else.
    public enum Variant: String, Codable, CaseIterable, Sendable {
        case plain
        case contended
        case priorityInheritance = "pi"
        case priorityInheritanceContended = "pi-contended"
        case recursive
        case errorChecking = "error-checking"
        /// Process-shared only. musl keeps such a lock in the robust list, and has a pending operation when it unlocks it.
        case recursiveNotRobust = "recursive-not-robust"
        case errorCheckingNotRobust = "error-checking-not-robust"

        /// The next to lock it is told that its owner died.
        public var isRobust: Bool { self != .recursiveNotRobust && self != .errorCheckingNotRobust }

        public var isContended: Bool { self == .contended || self == .priorityInheritanceContended }
        public var isPriorityInheritance: Bool {
            self == .priorityInheritance || self == .priorityInheritanceContended
        }
    }

    /// The place of the lock, and what its memory becomes.
    public enum Memory: String, Codable, CaseIterable, Sendable {
        /// Shared memory of two processes; the one that did not die puts it to another use. No unmap.
        case shared
        /// The same in a file of a file system, which is read with read(2) afterwards.
        case file
        /// Private memory of one process. Another of its threads unmaps it, and maps a file of a file system
        /// at the same address, which is read with read(2) afterwards.
        case remapped
        /// Shared memory of two processes with a heap of Boost.Interprocess in it. The lock is a member of a counted
        /// object there, and the heap hands the object's memory out again when its last reference is given up.
        case boost
    }

    /// The event that ends the unlocker's process, or its unlocking thread.
    public enum Killer: String, Codable, CaseIterable, Sendable {
        case sigkill
        /// `SIGSEGV`: another thread of its process reads where nothing is mapped.
        case fault
        /// Another thread of its process calls execve(2).
        case exec
        /// The out-of-memory killer, for a memory cgroup that the process has filled.
        case oom
    }

    /// The one that ends pending operations before the memory gets its new use.
    public enum Destroyer: String, Codable, CaseIterable, Sendable {
        /// Nobody, as every C library does today.
        case legacy
        /// The program, which calls cleanup_robust_list(2) after `pthread_mutex_destroy`.
        case cleanup
        /// The `pthread_mutex_destroy` of a C library with the series of `libc-patch`. The unlocker has the machine's.
        case patchedLibrary = "patched-libc"
        /// The `pthread_mutex_destroy` of the preload, in a program that was not rebuilt.
        case preload
        /// The `munmap` of the preload, asked for it, in a program that unmaps the memory without destroying the lock.
        case preloadUnmap = "preload-unmap"

        /// The program does not make the call. A library does where a kernel has it; on others its failure is not noticed.
        public var isLeftToLibrary: Bool {
            switch self {
            case .legacy, .cleanup: false
            case .patchedLibrary, .preload, .preloadUnmap: true
            }
        }
    }

    public var technique: Technique
    public var unlocker: Unlocker
    public var variant: Variant
    public var memory: Memory
    public var killer: Killer
    public var destroyer: Destroyer

    public init(
        _ technique: Technique, _ unlocker: Unlocker, _ variant: Variant, _ memory: Memory = .shared,
        _ killer: Killer = .sigkill, _ destroyer: Destroyer
    ) {
        self.technique = technique
        self.unlocker = unlocker
        self.variant = variant
        self.memory = memory
        self.killer = killer
        self.destroyer = destroyer
    }

    public var identifier: String {
        [
            technique.rawValue, unlocker.rawValue, variant.rawValue, memory.rawValue, killer.rawValue,
            destroyer.rawValue,
        ].joined(separator: "/")
    }

    /// Tells whether only the boundaries inside the race window are tried (where it has none, the first one after the
    /// release): for killers other than `SIGKILL`. What
    /// happens elsewhere does not depend on the killer, and each takes its time.
    public var windowOnly: Bool { killer != .sigkill }
}
