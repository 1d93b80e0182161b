// SPDX-License-Identifier: MIT

import CRobustFutex
import SystemPackage

/// Finds out what answers under the number of cleanup_robust_list(2).
///
/// On a kernel that does not know it, the number may belong to any system call of the future. So the calls
/// go from arguments with which hardly anything can succeed to those with which the right one must.
/// A filter that kills the caller instead of answering cannot be survived here.
struct SyscallDetector {
    /// The system call: address, length, flags; result or -errno. Replaced in tests.
    var call: (UInt, Int, UInt32) -> Int = { crf_cleanup_robust_list($0, $1, $2) }
    var symbol: () -> KernelSymbol = KernelSymbol.ofCleanupRobustList
    var seccomp: () -> Int? = seccompMode

    /// In the kernel's half, so that any copy from or to it fails; its low half is INT32_MIN, which is no
    /// descriptor, no process, no process group.
    static let hopelessAddress: UInt = 0xffff_8000_8000_0000

    /// All flags but the one that the contract knows.
    static let unknownFlags = ~CleanupFlags.privateOnly.rawValue

    func detect() -> SyscallDetection {
        var evidence: [String] = []
        func verdict(_ verdict: SyscallDetection.Verdict) -> SyscallDetection {
            SyscallDetection(verdict: verdict, evidence: evidence)
        }

        let unknown = call(Self.hopelessAddress, 4, Self.unknownFlags)
        evidence.append("number \(cleanupRobustListNumber): unknown flags give \(resultName(unknown))")
        if let refusal = refusal(unknown, &evidence) { return verdict(refusal) }
        guard unknown == -Int(Errno.invalidArgument.rawValue) else {
            return verdict(.numberTakenBySomethingElse)
        }

        let hole = call(0, 4, 0)
        evidence.append("an unmapped range gives \(resultName(hole))")
        if let refusal = refusal(hole, &evidence) { return verdict(refusal) }
        guard hole == -Int(Errno.noMemory.rawValue) else { return verdict(.numberTakenBySomethingElse) }

        do {
            let effect = try observedEffect()
            evidence.append(effect.words)
            guard effect.isRight else { return verdict(wrongEffect(&evidence)) }
        } catch {
            evidence.append("its effect could not be observed: \(error.name)")
            return verdict(.numberTakenBySomethingElse)
        }
        if symbol() == .defined { evidence.append("/proc/kallsyms names it") }
        return verdict(.available)
    }

    /// The verdict that an answer by itself stands for: nobody home, or somebody in the way.
    private func refusal(_ result: Int, _ evidence: inout [String]) -> SyscallDetection.Verdict? {
        switch Errno(rawValue: CInt(clamping: -result)) {
        case .noFunction:
            return absentOrFiltered(&evidence)
        case .notPermitted, .permissionDenied:
            evidence.append(seccompSentence)
            return .blocked(Errno(rawValue: CInt(-result)))
        default:
            return nil
        }
    }

    /// A kernel under development has bugs: that must not pass for its absence.
    private func wrongEffect(_ evidence: inout [String]) -> SyscallDetection.Verdict {
        guard symbol() == .defined else { return .numberTakenBySomethingElse }
        evidence.append("/proc/kallsyms names it, so it is that call which is wrong")
        return .misbehaves
    }

    /// ENOSYS comes from kernels without the system call and from filters that imitate them.
    private func absentOrFiltered(_ evidence: inout [String]) -> SyscallDetection.Verdict {
        switch symbol() {
        case .defined:
            evidence.append("/proc/kallsyms names it all the same; \(seccompSentence)")
            return .blocked(.noFunction)
        case .stub:
            evidence.append("the kernel was built without it (/proc/kallsyms has the stub)")
        case .missing:
            evidence.append("/proc/kallsyms does not name it")
        case .unreadable:
            evidence.append("/proc/kallsyms cannot tell; \(seccompSentence)")
        }
        return .absent
    }

    private var seccompSentence: String {
        switch seccomp() {
        case 0: "no seccomp filter is in force"
        case .some(let mode): "seccomp mode \(mode) is in force"
        case nil: "the seccomp mode cannot be read"
        }
    }

    /// Whether a call on an own, private word clears exactly the pending operation on it and nothing else.
    private func observedEffect() throws(Errno) -> (isRight: Bool, words: String) {
        let page = try MemoryMapping(anonymous: .private, length: 4096)
        let word = page.cell(at: 64)
        let neighbour = page.cell(at: 68)
        let value = FutexWord(rawValue: 0x2bad_cafe)
        word.store(value)
        neighbour.store(value)

        let head = try RobustListHead(futexOffset: -32)
        let pending = PendingOperation(futexWord: word.address, futexOffset: -32)
        head.pending = pending
        guard head.pending == pending else { return (false, "the pending operation could not be set") }

        let beside = call(neighbour.address, 4, 0)
        guard beside == 0, head.pending == pending else {
            return (false, "a call beside the word gave \(resultName(beside)), \(words(for: head.pending))")
        }
        let at = call(word.address, 4, 0)
        guard at == 0, head.pending == nil else {
            return (false, "a call on the word gave \(resultName(at)), \(words(for: head.pending))")
        }
        guard word.load() == value, neighbour.load() == value else {
            return (false, "the memory itself was changed: \(word.load()), \(neighbour.load())")
        }
        return (true, "it clears the pending operation on the word named, and no other")
    }

    private func words(for pending: PendingOperation?) -> String {
        "pending " + (pending.map(\.description) ?? "cleared")
    }
}
