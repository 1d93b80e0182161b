// SPDX-License-Identifier: MIT

import CRaceVictim
import Glibc
import RaceReport
import RobustFutex
import SystemPackage

/// The way in which victims of an unlocker are started.
public struct VictimProgram: Sendable {
    enum Launch: Sendable {
        /// The running process itself, forked: for the C library that it has, and for locks of its own.
        case fork
        case execute(FilePath)
    }

    struct Preload {
        var file: FilePath
        /// It is asked to make the call for what is unmapped, too.
        var cleansUnmapped: Bool
    }

    public let unlocker: Scenario.Unlocker
    let launch: Launch
    /// The C library that an executed program gets instead of the machine's; nil: none.
    let library: GivenLibrary?
    /// The preload that is loaded before it; nil: none.
    let preload: Preload?
    /// Its lock is in a heap of Boost.Interprocess.
    private let usesBoost: Bool
    /// Of `robust-unlock`: the vDSO's function, where a forked child finds it as well.
    let vdsoFunction: UInt

    private init(
        _ unlocker: Scenario.Unlocker, _ launch: Launch, library: GivenLibrary? = nil,
        preload: Preload? = nil, vdsoFunction: UInt = 0
    ) {
        if case .execute(let path) = launch {
            usesBoost = path.lastComponent?.string == VictimRecipe.boostName
        } else {
            usesBoost = false
        }
        self.unlocker = unlocker
        self.launch = launch
        self.library = library
        self.preload = preload
        self.vdsoFunction = vdsoFunction
    }

    /// The arguments of CRV_HELLO.
    var hello: [UInt64] {
        let kind: crv_kind
        switch unlocker {
        case .robustUnlock: kind = CRV_ROBUST_UNLOCK
        case .keptWaiters: kind = CRV_KEPT_WAITERS
        case .glibc64, .glibc32, .musl, .own: kind = usesBoost ? CRV_BOOST : CRV_LIBC
        }
        return [UInt64(kind.rawValue), UInt64(vdsoFunction)]
    }

    /// The path for a report.
    public var path: String {
        if case .execute(let path) = launch { return path.string }
        return "/proc/self/exe"
    }

    /// The victim that the running process itself can be.
    ///
    /// - Throws: ``CannotRun`` for `robust-unlock` on a kernel without it.
    static func inThisProcess(_ unlocker: Scenario.Unlocker) throws -> VictimProgram {
        guard unlocker == .robustUnlock else {
            return VictimProgram(unlocker, .fork)
        }
        let name = VDSO.robustUnlockFunctions[0]
        guard case .supported = try RobustUnlockSupport.ofThisKernel() else {
            throw CannotRun("kernel has no FUTEX_ROBUST_UNLOCK (Linux 7.2)")
        }
        guard let function = VDSO.ofThisProcess().addresses[name] else {
            throw CannotRun("the vDSO does not export \(name)")
        }
        return VictimProgram(unlocker, .fork, vdsoFunction: function)
    }

    /// A victim that was built, at a path.
    static func built(
        _ unlocker: Scenario.Unlocker, at path: FilePath, library: GivenLibrary? = nil,
        preload: Preload? = nil
    ) -> VictimProgram {
        VictimProgram(unlocker, .execute(path), library: library, preload: preload)
    }

    /// The reason why execve(2), or what precedes it, may have failed.
    func cannotStart(_ errno: Errno) -> String {
        let hint: String
        switch errno {
        case .execFormatError: hint = "; this kernel does not run programs of its kind (IA32_EMULATION)"
        case .noSuchFileOrDirectory:
            hint =
                access(path, F_OK) == 0
                ? "; the program's loader is not on this machine" : "; the program is not there"
        case .noFunction, .invalidArgument, .resourceBusy: hint = "; seccomp(2) offers no user notification"
        default: hint = ""
        }
        return "\(path) cannot be started: \(errno.name)\(hint)"
    }
}
